package backfill.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

  private static final Path NOTEBOOKS = TestingCheckout.root().resolve("notebooks");

  /** The notebooks' Python, which has the pyspark of the Spark that the job is built with. */
  public static TestingPython python() throws Exception {
    return TestingPython.with(
        NOTEBOOKS.resolve("requirements.txt"), NOTEBOOKS.resolve("constraints.txt"));
  }

  public static TestingDistribution get() throws Exception {
    return in(ANOTHER == null ? python() : pythonWith(ANOTHER));
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
