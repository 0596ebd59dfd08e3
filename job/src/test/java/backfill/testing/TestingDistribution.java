package backfill.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.opentest4j.TestAbortedException;

/**
 * A Spark as somebody installs it: the one that PyPI's pyspark carries, with its scripts. Fetched
 * once; skipped where it can't be had.
 *
 * @param version Spark's, as in {@code 4.2.0}
 * @param home what {@code SPARK_HOME} names
 */
public record TestingDistribution(String version, Path home) {
  /** Another version to test, as {@code job/bin/smoke} does. */
  private static final String ANOTHER = System.getProperty("smoke.spark");

  private static TestingDistribution found;

  private static final Duration PATIENCE = Duration.ofMinutes(6);
  private static final Path NOTEBOOKS = TestingCheckout.root().resolve("notebooks");

  /** The notebooks' Python, which has the pyspark of the Spark that the job is built with. */
  public static TestingPython python() throws Exception {
    return TestingPython.with(
        NOTEBOOKS.resolve("requirements.txt"), NOTEBOOKS.resolve("constraints.txt"));
  }

  /** Asked once: Python takes a second to say where it is. */
  public static synchronized TestingDistribution get() throws Exception {
    if (found == null) {
      found = in(ANOTHER == null ? python() : pythonWith(ANOTHER));
    }
    return found;
  }

  private static TestingPython pythonWith(String version) throws Exception {
    Path requirements =
        TestingCheckout.root().resolve("job/target/pyspark-" + version + ".txt").toAbsolutePath();
    Files.writeString(requirements, "pyspark==" + version + "\n");
    try {
      return TestingPython.with(requirements, requirements);
    } catch (TestAbortedException e) {
      throw new AssertionError("asked to test Spark " + version + ", and " + e.getMessage(), e);
    }
  }

  private static TestingDistribution in(TestingPython python) throws Exception {
    TestingOutcome found =
        python.run(
            Map.of(),
            "python",
            "-c",
            "import pyspark; print(pyspark.__version__, pyspark.__path__[0])");
    String[] words = found.said().strip().split(" ", 2);
    if (found.code() != 0 || words.length != 2) {
      throw new AssertionError("no pyspark is found: " + found.said());
    }
    return new TestingDistribution(words[0], Path.of(words[1]));
  }

  /**
   * By what its JVMs start as those of {@link TestingJvm} do, from an archive of Spark's classes
   * that the first test makes which needs one: variables of {@code spark-submit}, of what starts
   * it, and of master and worker.
   */
  public Map<String, String> environment() throws Exception {
    return Map.of("SPARK_SUBMIT_OPTS", jvm(), "SPARK_DAEMON_JAVA_OPTS", jvm());
  }

  /** The same as words, which Spark splits at blanks. */
  public String jvm() throws Exception {
    Path archive =
        TestingCheckout.root().resolve("job/target/pyspark-" + version + ".jsa").toAbsolutePath();
    TestingPython.alone(
        archive,
        () -> {
          if (!Files.exists(archive)) {
            archive(archive);
          }
          return archive;
        });
    return words("-XX:SharedArchiveFile=" + archive);
  }

  private void archive(Path archive) throws Exception {
    ProcessBuilder training =
        new ProcessBuilder(
            program("spark-submit"),
            "--master",
            "local[2]",
            "--driver-java-options",
            words("-XX:ArchiveClassesAtExit=" + archive),
            "--class",
            "backfill.spark.engine.Training",
            TestingSubmittedDojo.JAR);
    TestingOutcome trained = TestingOutcome.of(PATIENCE, training);
    if (trained.code() != 0) {
      throw new AssertionError("no archive of Spark's classes: " + trained.said());
    }
  }

  private static String words(String archive) {
    return String.join(" ", TestingJvm.QUICKLY) + " \"" + archive + "\"";
  }

  /** Whether it is said to run there. */
  public boolean supportsJava25() {
    return !version.matches("4[.][01][.].*");
  }

  /** One of its programs, as in {@code spark-submit}. */
  public String program(String name) {
    return home.resolve("bin").resolve(name).toString();
  }

  /**
   * A JDK of this version beside the one that runs the tests, or that one; skipped where there is
   * none.
   */
  public static Path java(int version) throws IOException {
    Path here = Path.of(System.getProperty("java.home"));
    if (Runtime.version().feature() == version) {
      return here;
    }
    try (Stream<Path> beside = Files.list(here.toRealPath().getParent())) {
      return beside
          .filter(home -> isJava(version, home))
          .findAny()
          .orElseGet(
              () ->
                  TestingPython.skip("no JDK " + version + " is beside " + here + "; install one"));
    }
  }

  private static boolean isJava(int version, Path home) {
    Path release = home.resolve("release");
    return Files.isRegularFile(release)
        && Files.isExecutable(home.resolve("bin/java"))
        && TestingCheckout.lines(release).stream()
            .anyMatch(line -> line.matches("JAVA_VERSION=\"" + version + "[.\"].*"));
  }
}
