package backfill.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/**
 * The words that start a JVM for a process of a test, as the launcher does. On the class path of
 * the tests, and on Spark's alone, it starts from an archive of Spark's classes, which takes half
 * of the processor's time of a short run; the first test that needs one makes it, for all JVMs of
 * this build.
 */
public final class TestingJvm {
  private static final Path ARCHIVES = TestingCheckout.root().resolve("job/target/archive");
  private static final Duration PATIENCE = Duration.ofMinutes(6);

  /** A run of seconds is over before the second compiler and a second thread have paid. */
  static final List<String> QUICKLY =
      List.of(
          "-XX:TieredStopAtLevel=1",
          "-XX:+UseSerialGC",
          // What the JVM has to say of the archive would stand in a report.
          "-Xlog:disable",
          "-Xlog:all=error:stderr");

  private static List<String> archived;
  private static List<String> archivedOfSpark;

  private TestingJvm() {}

  /** On the class path of the tests. */
  public static List<String> words(String... options) {
    List<String> words = onlyJvm(options);
    words.addAll(archived());
    return words;
  }

  /** On another class path. */
  public static List<String> wordsOn(String classPath, String... options) {
    List<String> words = onlyJvm(options);
    words.addAll(List.of("-cp", classPath));
    return words;
  }

  /**
   * On the jars of the Spark that Maven resolved: what is submitted comes as a jar.
   *
   * @param job our classes, of which the archive has none
   */
  static List<String> wordsOfSpark(Path job) {
    List<String> words = onlyJvm();
    words.addAll(archivedOfSpark(job));
    return words;
  }

  /** The settings of Spark by which its executors start so, too. */
  static Map<String, String> ofExecutors(Path job) {
    List<String> archived = archivedOfSpark(job);
    return Map.of(
        "spark.executor.extraJavaOptions",
        String.join(" ", QUICKLY) + " \"" + archived.get(0) + "\"",
        "spark.executor.extraClassPath",
        archived.get(archived.size() - 1));
  }

  private static List<String> onlyJvm(String... options) {
    Path root = TestingCheckout.root();
    List<String> words =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-Dspark.ui.enabled=false",
                "-Dlog4j2.configurationFile=" + root.resolve("conf/log4j2.properties"),
                "@" + root.resolve("job/jvm.options")));
    words.addAll(QUICKLY);
    words.addAll(Arrays.asList(options));
    return words;
  }

  /** The class path, with an archive of what is in its jars where one could be made. */
  private static synchronized List<String> archived() {
    if (archived == null) {
      archived = alone(TestingJvm::archive);
    }
    return archived;
  }

  /** Two JVMs of a build need one at the same time. */
  private static List<String> alone(Callable<List<String>> made) {
    try {
      Files.createDirectories(ARCHIVES);
      try (FileChannel lock =
          FileChannel.open(
              ARCHIVES.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        lock.lock();
        return made.call();
      }
    } catch (Exception e) {
      throw new IllegalStateException("no archive of the classes", e);
    }
  }

  /** What chooses the archive first, and the class path last. */
  private static synchronized List<String> archivedOfSpark(Path job) {
    if (archivedOfSpark == null) {
      archivedOfSpark = alone(() -> archiveOfSpark(job));
    }
    return archivedOfSpark;
  }

  /**
   * By links in a folder: the words of an executor, by which it is found, would else be too long.
   */
  private static List<String> archiveOfSpark(Path job) throws Exception {
    String all =
        Files.readString(TestingCheckout.root().resolve("job/target/spark.classpath")).strip();
    Path jars = ARCHIVES.resolveSibling("spark-" + Integer.toHexString(all.hashCode()));
    String classPath = jars + "/*";
    Path archive = jars.resolve("classes.jsa");
    if (!Files.exists(archive)) {
      Files.createDirectories(jars);
      for (String jar : all.split(":")) {
        Path link = jars.resolve(Path.of(jar).getFileName());
        Files.deleteIfExists(link);
        Files.createSymbolicLink(link, Path.of(jar));
      }
      List<String> words = onlyJvm("-XX:ArchiveClassesAtExit=" + archive);
      words.addAll(List.of("-cp", classPath, "org.apache.spark.deploy.SparkSubmit"));
      words.addAll(List.of("--master", "local[2]"));
      words.addAll(List.of("--class", "backfill.spark.engine.Training", job.toString()));
      TestingOutcome trained = TestingOutcome.of(PATIENCE, new ProcessBuilder(words));
      assertThat(trained.code()).as(trained.said()).isZero();
    }
    return List.of("-XX:SharedArchiveFile=" + archive, "-cp", classPath);
  }

  private static List<String> archive() throws Exception {
    List<Path> places =
        Stream.of(System.getProperty("java.class.path").split(":"))
            .map(place -> Path.of(place).toAbsolutePath())
            .toList();
    Path here = ARCHIVES.resolve(Long.toHexString(state(places)));
    Path archive = here.resolve("classes.jsa");
    boolean there = Files.isDirectory(here);
    if (!there) {
      removeOthers();
      Files.createDirectory(here);
    }
    // An archive knows no folders.
    List<String> jars = new ArrayList<>();
    for (Path place : places) {
      Path jar = Files.isDirectory(place) ? here.resolve(jars.size() + ".jar") : place;
      jars.add(jar.toString());
      if (!there && jar != place) {
        pack(place, jar);
      }
    }
    String classPath = String.join(":", jars);
    if (!there) {
      record(classPath, archive);
    }
    return Files.exists(archive)
        ? List.of("-XX:SharedArchiveFile=" + archive, "-cp", classPath)
        : List.of("-cp", classPath);
  }

  /** Those of classes that were compiled anew since; a JVM that still uses one keeps its files. */
  private static void removeOthers() throws IOException {
    List<Path> all;
    try (Stream<Path> files = Files.walk(ARCHIVES)) {
      all = files.filter(file -> ARCHIVES.relativize(file).getNameCount() == 2).toList();
    }
    for (Path file : all) {
      Files.delete(file);
    }
    for (Path folder : folders()) {
      Files.delete(folder);
    }
  }

  private static List<Path> folders() throws IOException {
    try (Stream<Path> folders = Files.list(ARCHIVES)) {
      return folders.filter(Files::isDirectory).toList();
    }
  }

  /** Another one where a class was compiled since, or a library is another. */
  private static long state(List<Path> places) throws IOException {
    long state = places.hashCode();
    for (Path folder : places.stream().filter(Files::isDirectory).toList()) {
      for (Path file : files(folder)) {
        state =
            31 * state
                + file.hashCode()
                + Files.getLastModifiedTime(file).toMillis()
                + Files.size(file);
      }
    }
    return state;
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile).sorted().toList();
    }
  }

  private static void pack(Path folder, Path into) throws IOException {
    try (OutputStream file = Files.newOutputStream(into);
        JarOutputStream jar = new JarOutputStream(file)) {
      for (Path one : files(folder)) {
        jar.putNextEntry(new JarEntry(folder.relativize(one).toString()));
        Files.copy(one, jar);
      }
    }
  }

  /** Runs what most processes of tests run, and keeps the classes that it loaded. */
  private static void record(String classPath, Path archive) throws Exception {
    try (TestingGrants there = TestingGrants.of(2, 2)) {
      List<String> words =
          onlyJvm("-Dspark.master=local[2]", "-XX:ArchiveClassesAtExit=" + archive);
      words.addAll(List.of("-cp", classPath, "backfill.Main"));
      words.addAll(List.of(TestingRun.words(there.plan("archived"))));
      try (TestingProcess job = TestingProcess.start(words, there.database.environment())) {
        TestingRun run = job.end();
        assertThat(run.code()).as(run.said()).isZero();
      }
    }
  }
}
