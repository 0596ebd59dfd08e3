package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher on a checkout of its own, with scripts in the places of java, Maven and
 * spark-submit.
 */
class LauncherTest {
  @TempDir Path directory;
  private Path root;
  private Path bin;
  private final Map<String, String> environment = new HashMap<>();

  private record Ended(int code, String out, String err) {}

  @BeforeEach
  void checkoutThatIsBuilt() throws IOException {
    root = Files.createDirectories(directory.resolve("a checkout"));
    bin = Files.createDirectories(directory.resolve("bin"));
    for (String file :
        List.of(
            "job/bin/backfill",
            "job/jvm.options",
            "conf/spark-defaults.conf",
            "pom.xml",
            "job/pom.xml")) {
      Files.createDirectories(root.resolve(file).getParent());
      Files.copy(
          Checkout.root().resolve(file), root.resolve(file), StandardCopyOption.COPY_ATTRIBUTES);
    }
    write("job/src/main/java/Main.java", "class Main {}");
    write("lib.jar", "");
    script(
        "mvn",
        "echo $$ >> '%1$s/builds'; sleep 0.3; mkdir -p '%1$s/job/target'; cd '%1$s/job/target'",
        "touch backfill.jar; echo '%1$s/lib.jar' | tee spark.classpath > demo.classpath");
    script(
        "java",
        "if [ \"$1\" = -version ]; then echo 'openjdk version \"17.0.9\"' >&2; exit; fi",
        "for word in \"$@\"; do case $word in -XX:ArchiveClassesAtExit=*)",
        "  echo made > \"${word#*=}\"; echo $$ >> '%1$s/archives';; esac; done",
        "case \"$*\" in *Training*|*-Xshare:on*) exit ${STUB_ARCHIVE_CODE-0};; esac",
        "printf '%%s\\n' \"$@\"; ${STUB_WAIT-}; exit ${STUB_CODE-0}");
    environment.put("PATH", bin + ":" + System.getenv("PATH"));
  }

  @Test
  void buildsOnceWhatIsMissingAndSaysSo() throws Exception {
    assertThat(launch("plans").err())
        .contains("backfill: building job/target/backfill.jar")
        .hasLineCount(1);
    assertThat(launch("plans").err()).isEmpty();
    assertThat(builds()).isOne();
  }

  @Test
  void buildsAgainWhenASourceASettingOrAPomIsNewer() throws Exception {
    launch("plans");
    for (String file :
        List.of(
            "job/src/main/java/Main.java", "conf/spark-defaults.conf", "pom.xml", "job/pom.xml")) {
      long before = builds();
      Files.setLastModifiedTime(root.resolve(file), FileTime.from(Instant.now()));
      assertThat(launch("plans").code()).as(file).isZero();
      assertThat(builds()).as(file).isEqualTo(before + 1);
    }
  }

  @Test
  void buildsAgainWhenAJarOfTheClassPathIsGone() throws Exception {
    launch("plans");
    Files.delete(root.resolve("lib.jar"));

    launch("plans");
    assertThat(builds()).isEqualTo(2);
  }

  @Test
  void twoAtOnceBuildOnce() throws Exception {
    Process first = begin("plans");
    Process second = begin("plans");

    assertThat(end(first).code() + end(second).code()).isZero();
    assertThat(builds()).isOne();
  }

  @Test
  void failedBuildNamesMavensOutput() throws Exception {
    script("mvn", "echo BROKEN; exit 1");

    Ended ended = launch("plans");

    assertThat(ended.code()).isEqualTo(3);
    assertThat(ended.out()).isEmpty();
    assertThat(ended.err())
        .contains(
            "backfill: the build failed; Maven's output is in " + root + "/job/target/build.log");
    assertThat(root.resolve("job/target/build.log")).hasContent("BROKEN");
  }

  @Test
  void jarWithoutSourcesIsUsedAsItIs() throws Exception {
    launch("plans");
    Files.delete(root.resolve("job/src/main/java/Main.java"));
    Files.delete(root.resolve("job/src/main/java"));
    Files.delete(root.resolve("job/src/main"));
    Files.setLastModifiedTime(root.resolve("pom.xml"), FileTime.from(Instant.now()));

    assertThat(launch("plans").code()).isZero();
    assertThat(builds()).isOne();
  }

  @Test
  void worksFromAnywhereThroughASymbolicLink() throws Exception {
    Path link = Files.createSymbolicLink(bin.resolve("backfill"), root.resolve("job/bin/backfill"));

    Ended ended = end(begin(link, "run", "some plan"));

    assertThat(ended.code()).isZero();
    assertThat(ended.out().lines())
        .endsWith("backfill.Main", root + "/job/target/backfill.jar", "run", "some plan");
  }

  @Test
  void exitCodeIsTheJobs() throws Exception {
    environment.put("STUB_CODE", "75");

    assertThat(launch("plans").code()).isEqualTo(75);
  }

  @Test
  void signalReachesTheJob() throws Exception {
    environment.put("STUB_WAIT", "exec sleep 60");
    launchless();
    Process process = begin("plans");
    // The words are printed right before the wait, by the process that the launcher became.
    process.inputReader().readLine();

    process.destroy();

    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(143);
  }

  @Test
  void oldJavaIsRefused() throws Exception {
    script("java", "echo 'openjdk version \"11.0.2\"' >&2");

    assertThat(launch("plans"))
        .isEqualTo(
            new Ended(
                3,
                "",
                "backfill: "
                    + bin
                    + "/java is version 11.0.2; Spark needs 17 or later: install one, or set"
                    + " JAVA_HOME to one\n"));
  }

  @Test
  void javaHomeWithoutJavaIsRefused() throws Exception {
    environment.put("JAVA_HOME", directory.resolve("none").toString());

    assertThat(launch("plans").err())
        .isEqualTo(
            "backfill: JAVA_HOME is "
                + directory.resolve("none")
                + ", which has no bin/java; set it to a JDK 17 or later, or unset"
                + " it\n");
  }

  @Test
  void missingMavenIsRefusedWhenABuildIsNeeded() throws Exception {
    Files.delete(bin.resolve("mvn"));
    for (String tool :
        List.of("bash", "dirname", "sed", "cat", "find", "flock", "readlink", "env")) {
      script(tool, "exec " + which(tool) + " \"$@\"");
    }
    environment.put("PATH", bin.toString());

    Ended ended = launch("plans");

    assertThat(ended.code()).isEqualTo(3);
    assertThat(ended.err())
        .contains("no mvn on the PATH, and job/target/backfill.jar must be built");
  }

  @Test
  void demoAloneGetsTheEmbeddedServer() throws Exception {
    assertThat(launch("demo").out()).contains("--jars\n" + root + "/lib.jar\n");
    assertThat(launch("run", "demo").out()).doesNotContain("--jars");
  }

  @Test
  void driverMemoryIsTheSettingsUnlessTheEnvironmentSaysMore() throws Exception {
    assertThat(launch("plans").out().lines()).contains("-Xmx2g");

    environment.put("SPARK_DRIVER_MEMORY", "8g");
    assertThat(launch("plans").out().lines()).contains("-Xmx8g").doesNotContain("-Xmx2g");
  }

  @Test
  void submitArgumentsComeBeforeTheJob() throws Exception {
    environment.put("BACKFILL_SUBMIT_ARGS", "--master  local[3] --conf a=*");

    assertThat(launch("plans").out())
        .contains("\n--master\nlocal[3]\n--conf\na=*\n--class\nbackfill.Main\n");
  }

  @Test
  void sizeOfAJvmThatRunsAlreadyIsRefused() throws Exception {
    environment.put("BACKFILL_SUBMIT_ARGS", "--driver-memory 8g");

    Ended ended = launch("plans");

    assertThat(ended.code()).isEqualTo(2);
    assertThat(ended.err()).contains("set SPARK_DRIVER_MEMORY or JAVA_TOOL_OPTIONS instead");
  }

  @Test
  void sparkHomeIsUsedWhereItIsSet() throws Exception {
    environment.put("SPARK_HOME", directory.toString());
    environment.put("SPARK_DRIVER_MEMORY", "8g");
    script("spark-submit", "printf '%%s\\n' \"$@\"");

    assertThat(launch("run", "plan").out().lines())
        .containsExactly(
            "--properties-file",
            root + "/conf/spark-defaults.conf",
            "--driver-java-options",
            "\"-Dbackfill.terminal=false\" \"-Dbackfill.columns=80\" \"-Dlog4j2.configurationFile="
                + root
                + "/conf/log4j2.properties\" ",
            "--driver-memory",
            "8g",
            "--class",
            "backfill.Main",
            root + "/job/target/backfill.jar",
            "run",
            "plan");
  }

  @Test
  void archiveIsMadeOnceForTheCommandsThatStartSpark() throws Exception {
    assertThat(launch("plans").out()).doesNotContain("SharedArchiveFile");

    Ended first = launch("run");
    assertThat(first.err())
        .startsWith("backfill: starting with Java 17.0.9 for the first time")
        .hasLineCount(1);
    assertThat(first.out()).contains("-XX:SharedArchiveFile=" + root + "/job/target/spark-17.0.9-");

    assertThat(launch("run").err()).isEmpty();
    assertThat(launch("plans").out()).contains("-XX:SharedArchiveFile=");
    assertThat(Files.readAllLines(root.resolve("archives"))).hasSize(1);
  }

  @Test
  void archiveThatTheJvmRefusesIsSaidOnceAndNotUsed() throws Exception {
    launch("plans");
    environment.put("STUB_ARCHIVE_CODE", "1");

    Ended first = launch("run");
    assertThat(first.code()).isZero();
    assertThat(first.err())
        .contains("no archive could be made, so starts stay slow; the reason is in ");
    assertThat(first.out()).doesNotContain("SharedArchiveFile");

    assertThat(launch("run").err()).isEmpty();
  }

  /** Builds, so that what follows is the job alone. */
  private void launchless() throws Exception {
    String wait = environment.remove("STUB_WAIT");
    launch("plans");
    environment.put("STUB_WAIT", wait);
  }

  private long builds() throws IOException {
    return Files.readAllLines(root.resolve("builds")).size();
  }

  private Ended launch(String... words) throws Exception {
    return end(begin(words));
  }

  private Process begin(String... words) throws IOException {
    return begin(root.resolve("job/bin/backfill"), words);
  }

  private Process begin(Path launcher, String... words) throws IOException {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(words));
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
    builder
        .environment()
        .keySet()
        .removeIf(name -> name.startsWith("SPARK_") || name.startsWith("BACKFILL_"));
    builder.environment().remove("JAVA_HOME");
    builder.environment().putAll(environment);
    return builder.start();
  }

  private static Ended end(Process process) throws Exception {
    String out = new String(process.getInputStream().readAllBytes());
    String err = new String(process.getErrorStream().readAllBytes());
    return new Ended(process.waitFor(), out, err);
  }

  private static Path which(String tool) throws IOException {
    for (String place : System.getenv("PATH").split(":")) {
      if (Files.isExecutable(Path.of(place, tool))) {
        return Path.of(place, tool);
      }
    }
    throw new IOException("no " + tool + " on the PATH");
  }

  private void write(String file, String text) throws IOException {
    Files.createDirectories(root.resolve(file).getParent());
    Files.writeString(root.resolve(file), text);
  }

  private void script(String name, String... lines) throws IOException {
    Path file = bin.resolve(name);
    Files.writeString(file, ("#!/bin/bash\n" + String.join("\n", lines) + "\n").formatted(root));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
