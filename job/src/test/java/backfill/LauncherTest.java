package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingLauncher;
import backfill.testing.TestingOutcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the launcher builds, starts and says, each on a checkout of its own. */
class LauncherTest {
  @TempDir Path directory;
  private TestingLauncher launcher;

  @BeforeEach
  void freshCheckout() throws IOException {
    launcher = new TestingLauncher(directory);
  }

  @Test
  void buildsOnceWhatIsMissingAndSaysSo() throws Exception {
    assertThat(launcher.launch("plans").err())
        .contains("backfill: building job/target/backfill.jar")
        .hasLineCount(1);
    assertThat(launcher.launch("plans").err()).isEmpty();
    assertThat(launcher.builds()).isOne();
  }

  @Test
  void buildsAgainWhenASourceASettingOrAPomIsNewer() throws Exception {
    launcher.launch("plans");
    for (String file :
        List.of(
            "job/src/main/java/Main.java", "conf/spark-defaults.conf", "pom.xml", "job/pom.xml")) {
      long before = launcher.builds();
      Files.setLastModifiedTime(launcher.root.resolve(file), FileTime.from(Instant.now()));
      assertThat(launcher.launch("plans").code()).as(file).isZero();
      assertThat(launcher.builds()).as(file).isEqualTo(before + 1);
    }
  }

  @Test
  void buildsAgainWhenAJarOfTheClassPathIsGone() throws Exception {
    launcher.launch("plans");
    Files.delete(launcher.root.resolve("lib.jar"));

    launcher.launch("plans");
    assertThat(launcher.builds()).isEqualTo(2);
  }

  @Test
  void twoAtOnceBuildOnce() throws Exception {
    Process first = launcher.begin("plans");
    Process second = launcher.begin("plans");

    assertThat(TestingLauncher.end(first).code() + TestingLauncher.end(second).code()).isZero();
    assertThat(launcher.builds()).isOne();
  }

  @Test
  void failedBuildNamesMavensOutput() throws Exception {
    launcher.script("mvn", "echo BROKEN; exit 1");

    TestingOutcome ended = launcher.launch("plans");

    assertThat(ended.code()).isEqualTo(3);
    assertThat(ended.out()).isEmpty();
    assertThat(ended.err())
        .contains(
            "backfill: the build failed; Maven's output is in "
                + launcher.root
                + "/job/target/build.log");
    assertThat(launcher.root.resolve("job/target/build.log")).hasContent("BROKEN");
  }

  @Test
  void jarWithoutSourcesIsUsedAsItIs() throws Exception {
    launcher.launch("plans");
    Files.delete(launcher.root.resolve("job/src/main/java/Main.java"));
    Files.delete(launcher.root.resolve("job/src/main/java"));
    Files.delete(launcher.root.resolve("job/src/main"));
    Files.setLastModifiedTime(launcher.root.resolve("pom.xml"), FileTime.from(Instant.now()));

    assertThat(launcher.launch("plans").code()).isZero();
    assertThat(launcher.builds()).isOne();
  }

  @Test
  void worksFromAnywhereThroughASymbolicLink() throws Exception {
    Path link =
        Files.createSymbolicLink(
            launcher.bin.resolve("backfill"), launcher.root.resolve("job/bin/backfill"));

    TestingOutcome ended = TestingLauncher.end(launcher.begin(link, "run", "some plan"));

    assertThat(ended.code()).isZero();
    assertThat(ended.out().lines())
        .endsWith("backfill.Main", launcher.root + "/job/target/backfill.jar", "run", "some plan");
  }

  @Test
  void exitCodeIsTheJobs() throws Exception {
    launcher.environment.put("STUB_CODE", "75");

    assertThat(launcher.launch("plans").code()).isEqualTo(75);
  }

  @Test
  void jobIsTheLaunchersProcessSoThatSignalsReachIt() throws Exception {
    launcher.launch("plans");
    launcher.environment.put("STUB_WAIT", "echo pid $$; exec sleep 60");
    Process process = launcher.begin("plans");
    String line = process.inputReader().readLine();
    while (!line.startsWith("pid ")) {
      line = process.inputReader().readLine();
    }
    process.destroy();

    assertThat(line).isEqualTo("pid " + process.pid());
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(143);
  }

  @Test
  void oldJavaIsRefused() throws Exception {
    launcher.script("java", "echo 'openjdk version \"11.0.2\"' >&2");

    assertThat(launcher.launch("plans"))
        .isEqualTo(
            new TestingOutcome(
                3,
                "",
                "backfill: "
                    + launcher.bin
                    + "/java is version 11.0.2; Spark needs 17 or later: install one, or set"
                    + " JAVA_HOME to one\n"));
  }

  @Test
  void javaHomeWithoutJavaIsRefused() throws Exception {
    launcher.environment.put("JAVA_HOME", launcher.directory.resolve("none").toString());

    assertThat(launcher.launch("plans").err())
        .isEqualTo(
            "backfill: JAVA_HOME is "
                + launcher.directory.resolve("none")
                + ", which has no bin/java; set it to a JDK 17 or later, or unset"
                + " it\n");
  }

  @Test
  void missingMavenIsRefusedWhenABuildIsNeeded() throws Exception {
    Files.delete(launcher.bin.resolve("mvn"));
    for (String tool :
        List.of("bash", "dirname", "sed", "cat", "find", "flock", "readlink", "env")) {
      launcher.script(tool, "exec " + TestingLauncher.which(tool) + " \"$@\"");
    }
    launcher.environment.put("PATH", launcher.bin.toString());

    TestingOutcome ended = launcher.launch("plans");

    assertThat(ended.code()).isEqualTo(3);
    assertThat(ended.err())
        .contains("no mvn on the PATH, and job/target/backfill.jar must be built");
  }

  @Test
  void demoAloneGetsTheEmbeddedServer() throws Exception {
    assertThat(launcher.launch("demo").out()).contains("--jars\n" + launcher.root + "/lib.jar\n");
    assertThat(launcher.launch("run", "demo").out()).doesNotContain("--jars");
  }

  @Test
  void driverMemoryIsTheSettingsUnlessTheEnvironmentSaysMore() throws Exception {
    assertThat(launcher.launch("plans").out().lines()).contains("-Xmx2g");

    launcher.environment.put("SPARK_DRIVER_MEMORY", "8g");
    assertThat(launcher.launch("plans").out().lines()).contains("-Xmx8g").doesNotContain("-Xmx2g");
  }

  @Test
  void submitArgumentsComeBeforeTheJob() throws Exception {
    launcher.environment.put("BACKFILL_SUBMIT_ARGS", "--master  local[3] --conf a=*");

    assertThat(launcher.launch("plans").out())
        .contains("\n--master\nlocal[3]\n--conf\na=*\n--class\nbackfill.Main\n");
  }

  @Test
  void memoryThatIsNoSizeIsRefused() throws Exception {
    for (String size : List.of("lots", "0", "-1g", "8gb", "8 g")) {
      launcher.environment.put("SPARK_DRIVER_MEMORY", size);

      TestingOutcome ended = launcher.launch("plans");

      assertThat(ended.code()).as(size).isEqualTo(2);
      assertThat(ended.err())
          .endsWith("SPARK_DRIVER_MEMORY is " + size + ", expected a size as in 512m or 8g\n");
    }
  }

  /** What {@code script} gives a command is a terminal. */
  private String onATerminal(String setting) throws Exception {
    launcher.launch("plans");
    Process process =
        launcher.begin(
            TestingLauncher.which("script"),
            "-qec",
            setting + " '" + launcher.root + "/job/bin/backfill' plans",
            "/dev/null");
    return TestingLauncher.end(process).out();
  }

  @ParameterizedTest
  @CsvSource({
    "TERM=xterm CI=, true",
    "TERM=xterm CI= NO_COLOR=1, true",
    "TERM=xterm CI=true, false",
    "TERM=dumb CI=, false",
    "TERM= CI=, false",
    "2>some.log TERM=xterm CI=, false"
  })
  void barIsForATerminalThatCanDrawOneAndForNoCi(String setting, String terminal) throws Exception {
    assertThat(onATerminal(setting)).contains("-Dbackfill.terminal=" + terminal);
  }

  @ParameterizedTest
  @CsvSource({"CI=, true", "TERM=dumb CI=, true", "CI=true, false", "2>some.log CI=, true"})
  void standardOutputIsATerminalByItself(String setting, String terminal) throws Exception {
    assertThat(onATerminal(setting)).contains("-Dbackfill.stdout-terminal=" + terminal);
  }

  @Test
  void whatTheLauncherSaysIsBrokenBetweenWords() throws Exception {
    launcher.launch("plans");
    launcher.environment.put("JAVA_HOME", "/none/at/all");

    assertThat(onATerminal("stty cols 40; TERM=xterm CI=").lines())
        .allMatch(line -> line.length() <= 40)
        .anyMatch(line -> line.startsWith("backfill: JAVA_HOME is /none/at/all, "));
  }

  @ParameterizedTest
  @ValueSource(ints = {40, 132})
  void widthIsTheTerminals(int columns) throws Exception {
    assertThat(onATerminal("stty cols " + columns + "; TERM=xterm CI="))
        .contains("-Dbackfill.columns=" + columns + "\r\n");
  }

  @Test
  void sizeOfAJvmThatRunsAlreadyIsRefused() throws Exception {
    launcher.environment.put("BACKFILL_SUBMIT_ARGS", "--driver-memory 8g");

    TestingOutcome ended = launcher.launch("plans");

    assertThat(ended.code()).isEqualTo(2);
    assertThat(ended.err()).contains("set SPARK_DRIVER_MEMORY or BACKFILL_JVM_OPTIONS instead");
  }

  @Test
  void sparkHomeIsUsedWhereItIsSet() throws Exception {
    launcher.environment.put("SPARK_HOME", launcher.directory.toString());
    launcher.environment.put("SPARK_DRIVER_MEMORY", "8g");
    launcher.script("spark-submit", "printf '%%s\\n' \"$@\"");

    assertThat(launcher.launch("run", "plan").out().lines())
        .containsExactly(
            "--properties-file",
            launcher.root + "/conf/spark-defaults.conf",
            "--driver-java-options",
            "\"-Dbackfill.command="
                + launcher.root
                + "/job/bin/backfill\" \"-Dbackfill.terminal=false\" \"-Dbackfill.stdout-terminal=false\" \"-Dbackfill.columns=80\" \"-Dlog4j2.configurationFile="
                + launcher.root
                + "/conf/log4j2.properties\" ",
            "--driver-memory",
            "8g",
            "--class",
            "backfill.Main",
            launcher.root + "/job/target/backfill.jar",
            "run",
            "plan");
  }

  @Test
  void archiveIsMadeOnceForTheCommandsThatStartSpark() throws Exception {
    assertThat(launcher.launch("plans").out()).doesNotContain("SharedArchiveFile");

    TestingOutcome first = launcher.launch("run");
    assertThat(first.err())
        .startsWith("backfill: starting with Java 17.0.9 for the first time")
        .hasLineCount(1);
    assertThat(first.out())
        .contains("-XX:SharedArchiveFile=" + launcher.root + "/job/target/spark-17.0.9-");

    assertThat(launcher.launch("run").err()).isEmpty();
    assertThat(launcher.launch("plans").out()).contains("-XX:SharedArchiveFile=");
    assertThat(Files.readAllLines(launcher.root.resolve("archives"))).hasSize(1);
  }

  /** A scheduler and a shell have other zones and languages, and the file's time is the same. */
  @Test
  void zoneAndLanguageMakeNoOtherArchive() throws Exception {
    launcher.launch("run");
    for (String zone : List.of("Europe/Berlin", "America/St_Johns", "UTC")) {
      launcher.environment.put("TZ", zone);
      launcher.environment.put("LC_ALL", zone.equals("UTC") ? "C" : "C.UTF-8");
      assertThat(launcher.launch("run").err()).as(zone).isEmpty();
    }
    assertThat(Files.readAllLines(launcher.root.resolve("archives"))).hasSize(1);
  }

  @Test
  void anotherJarMakesAnotherArchiveAndTheOneBeforeStays() throws Exception {
    launcher.launch("run");
    Path lib = launcher.root.resolve("lib.jar");
    FileTime before = Files.getLastModifiedTime(lib);
    Files.setLastModifiedTime(lib, FileTime.from(Instant.EPOCH));
    assertThat(launcher.launch("run").err()).contains("archiving");
    Files.setLastModifiedTime(lib, before);

    assertThat(launcher.launch("run").err()).isEmpty();
    assertThat(archives("spark-17*")).hasSize(2);
  }

  @Test
  void thirdArchiveBeforeTheLatestGoes() throws Exception {
    launcher.launch("plans");
    for (int day = 1; day <= 4; day++) {
      Files.setLastModifiedTime(
          launcher.root.resolve("lib.jar"), FileTime.from(Instant.EPOCH.plusSeconds(day)));
      launcher.launch("run");
    }

    assertThat(archives("spark-17*")).hasSize(3);
  }

  private List<Path> archives(String glob) throws IOException {
    try (var found = Files.newDirectoryStream(launcher.root.resolve("job/target"), glob)) {
      List<Path> all = new ArrayList<>();
      found.forEach(all::add);
      return all;
    }
  }

  @Test
  void archiveThatAKilledLauncherWasMakingGoes() throws Exception {
    launcher.launch("plans");
    Process dead = new ProcessBuilder("true").start();
    dead.waitFor();
    Path left = launcher.root.resolve("job/target/spark-making-" + dead.pid() + ".jsa");
    Path ofAnother =
        launcher.root.resolve("job/target/spark-making-" + ProcessHandle.current().pid() + ".jsa");
    Files.writeString(left, "150 MB");
    Files.writeString(ofAnother, "150 MB, by one that is at it");

    launcher.launch("plans");

    assertThat(left).doesNotExist();
    assertThat(ofAnother).exists();
  }

  @ParameterizedTest
  @CsvSource({"TERM, 143", "HUP, 129"})
  void signalMeanwhileLeavesNothing(String signal, int code) throws Exception {
    launcher.launch("plans");
    launcher.environment.put("STUB_ARCHIVE_WAIT", "exec sleep 60");
    Process process = launcher.begin("run");
    while (archives("spark-making-*").isEmpty()) {
      assertThat(process.isAlive()).isTrue();
      Thread.sleep(20);
    }
    new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();

    assertThat(TestingLauncher.end(process).code()).isEqualTo(code);
    assertThat(archives("spark-making-*")).isEmpty();
  }

  @Test
  void mistakeIsSaidBeforeTheArchiveIsMade() throws Exception {
    launcher.environment.put("STUB_LOAD_CODE", "2");

    TestingOutcome ended = launcher.launch("run", "misspelt");

    assertThat(ended.code()).isEqualTo(2);
    assertThat(ended.out()).contains("-Dbackfill.load=only", "backfill.Main", "misspelt");
    assertThat(ended.err()).doesNotContain("archiving");
    assertThat(archives("spark-*")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"check", "demo", "plan", "run", "verify"})
  void eachCommandThatStartsSparkMakesTheArchive(String command) throws Exception {
    assertThat(launcher.launch(command).err()).contains("archiving Spark's classes");
  }

  @ParameterizedTest
  @ValueSource(strings = {"plans", "status", "--help", "run --help", "run -h", "check --version"})
  void noOtherCommandMakesIt(String command) throws Exception {
    assertThat(launcher.launch(command.split(" ")).err()).doesNotContain("archiving");
  }

  @Test
  void archiveThatTheJvmRefusesIsSaidOnceAndNotUsed() throws Exception {
    launcher.launch("plans");
    launcher.environment.put("STUB_ARCHIVE_CODE", "1");

    TestingOutcome first = launcher.launch("run");
    assertThat(first.code()).isZero();
    assertThat(first.err())
        .contains("no archive could be made, so starts stay slow; the reason is in ");
    assertThat(first.out()).doesNotContain("SharedArchiveFile");

    assertThat(launcher.launch("run").err()).isEmpty();
  }

  @Test
  void java25IsTakenWhereItIsInstalledUnlessAnotherOneIsNamed() throws Exception {
    assertThat(launcher.launch("plans").out()).doesNotContain("java of");
    launcher.install("a-24", "24.0.2");
    assertThat(launcher.launch("plans").out()).doesNotContain("java of");
    launcher.install("b-25", "25.0.3");
    assertThat(launcher.launch("plans").out()).startsWith("java of b-25\n");
    launcher.environment.put("JAVA_HOME", launcher.directory.resolve("jvm/a-24").toString());
    assertThat(launcher.launch("plans").out()).startsWith("java of a-24\n");
  }

  @Test
  void cacheOfSparksClassesAloneOutlivesABuild() throws Exception {
    launcher.environment.put("STUB_JAVA", "25.0.3");
    launcher.environment.put("BACKFILL_CACHE", "spark");
    TestingOutcome first = launcher.launch("run", "plan");
    assertThat(first.err()).contains("archiving Spark's classes takes");
    assertThat(first.out())
        .contains(
            "-XX:AOTCache=" + launcher.root + "/job/target/spark-25.0.3-",
            "\n" + launcher.root + "/lib.jar\n",
            ",aot*=off:stderr\n")
        .doesNotContain("SharedArchiveFile");
    assertThat(trainings()).singleElement().asString().contains("backfill.spark.engine.Training");
    Files.setLastModifiedTime(
        launcher.root.resolve("job/target/backfill.jar"),
        FileTime.from(Instant.now().plusSeconds(60)));
    assertThat(launcher.launch("run", "plan").err()).isEmpty();
  }

  @Test
  void cacheHasTheJobsClassesUnlessToldOtherwise() throws Exception {
    launcher.environment.put("STUB_JAVA", "25.0.3");
    assertThat(launcher.launch("run", "plan").err())
        .contains("archiving Spark's classes and the job's own takes");
    launcher.environment.put("BACKFILL_CACHE", "spark");
    assertThat(launcher.launch("run", "plan").err()).contains("archiving Spark's classes takes");
    launcher.environment.put("BACKFILL_CACHE", "most");
    assertThat(launcher.launch("run", "plan").err())
        .endsWith("BACKFILL_CACHE is most, expected all or spark\n");
  }

  @Test
  void cacheOfTheJobsClassesIsMadeOnceForEachJar() throws Exception {
    launcher.environment.put("STUB_JAVA", "25.0.3");
    TestingOutcome first = launcher.launch("run", "plan");
    String jars = launcher.root + "/lib.jar:" + launcher.root + "/job/target/backfill.jar:";
    assertThat(first.err())
        .contains(
            "starting this jar with Java 25.0.3 for the first time: archiving Spark's classes and the job's own");
    assertThat(first.out())
        .contains(
            "-XX:AOTCache=" + launcher.root + "/job/target/spark-25.0.3-",
            "\n" + jars + launcher.root + "/lib.jar\n",
            ",aot*=off:stderr\n")
        .doesNotContain("SharedArchiveFile");
    assertThat(trainings()).singleElement().asString().contains(jars).endsWith(" demo");

    assertThat(launcher.launch("run", "plan").err()).isEmpty();
    Files.setLastModifiedTime(
        launcher.root.resolve("job/target/backfill.jar"),
        FileTime.from(Instant.now().plusSeconds(60)));
    assertThat(launcher.launch("run", "plan").err()).contains("starting this jar");
    assertThat(trainings()).hasSize(2);
  }

  private List<String> trainings() throws IOException {
    return Files.readAllLines(launcher.root.resolve("archives"));
  }

  @Test
  void cacheIsMadeOfWhatSparkDoesWhereTheDemosServerDoesNotStart() throws Exception {
    launcher.environment.put("STUB_JAVA", "25.0.3");
    launcher.environment.put("STUB_DEMO_CODE", "3");
    launcher.environment.put("BACKFILL_CACHE", "all");

    assertThat(launcher.launch("run", "plan").out()).contains("-XX:AOTCache=");
    assertThat(trainings()).singleElement().asString().contains("backfill.spark.engine.Training");
    assertThat(archives("spark-making-*")).isEmpty();
  }

  @Test
  void cacheThatTheJvmRefusesIsSaidOnceAndNotUsed() throws Exception {
    launcher.environment.put("STUB_JAVA", "25.0.3");
    launcher.environment.put("STUB_ARCHIVE_CODE", "1");

    TestingOutcome first = launcher.launch("run");
    assertThat(first.err()).contains("no archive could be made, so starts stay slow");
    assertThat(first.out()).doesNotContain("AOTCache");
    assertThat(launcher.launch("run").err()).isEmpty();
  }

  /** A disk's fault changes neither the size nor the time of a file. */
  @ParameterizedTest
  @CsvSource({"17.0.9, MADE", "25.0.3, MADE", "25.0.3, ma", "25.0.3, ''"})
  void damagedCacheIsRemovedAndMadeAnewAndNoJvmSeesIt(String java, String bytes) throws Exception {
    launcher.environment.put("STUB_JAVA", java);
    launcher.launch("run", "plan");
    Path cache = archives("spark-" + java + "-*").get(0);
    FileTime time = Files.getLastModifiedTime(cache);
    Files.writeString(cache, bytes.equals("MADE") ? bytes + "\n" : bytes);
    Files.setLastModifiedTime(cache, time);

    TestingOutcome ended = launcher.launch("plans");

    assertThat(ended.code()).isZero();
    assertThat(ended.out()).doesNotContain("=" + cache);
    assertThat(ended.err())
        .isEqualTo(
            "backfill: removed "
                + cache
                + ", which is damaged; a command that starts Spark makes it anew\n");
    assertThat(cache).doesNotExist();
    assertThat(launcher.launch("run", "plan").err()).contains("archiving").hasLineCount(1);
    assertThat(launcher.launch("run", "plan").out()).contains("=" + cache + "\n");
    assertThat(trainings()).hasSize(2);
  }

  @Test
  void java25ThatDoesNotStartIsPassedOver() throws Exception {
    launcher.install("b-25", "25.0.3");
    Path broken = launcher.install("c-25", "25.0.4").resolve("bin/java");
    Files.write(broken, new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1});
    assertThat(launcher.launch("plans").out()).startsWith("java of b-25\n");

    Files.copy(
        broken,
        launcher.directory.resolve("jvm/b-25/bin/java"),
        StandardCopyOption.REPLACE_EXISTING,
        StandardCopyOption.COPY_ATTRIBUTES);
    TestingOutcome ended = launcher.launch("plans");
    assertThat(ended.code()).isZero();
    assertThat(ended.out()).doesNotContain("java of");
    assertThat(ended.err()).isEmpty();
  }
}
