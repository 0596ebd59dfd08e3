package backfill;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * A Spark as somebody installs it: the one that PyPI's pyspark carries, with its scripts. Fetched
 * once; skipped where it can't be had.
 *
 * @param home what {@code SPARK_HOME} names
 */
record TestingDistribution(Path home) {
  private static final Path NOTEBOOKS = Checkout.root().resolve("notebooks");

  /** The notebooks' Python, which has the pyspark of the Spark that the job is built with. */
  static TestingPython python() throws Exception {
    return TestingPython.with(
        NOTEBOOKS.resolve("requirements.txt"), NOTEBOOKS.resolve("constraints.txt"));
  }

  static TestingDistribution get() throws Exception {
    return in(python());
  }

  private static TestingDistribution in(TestingPython python) throws IOException {
    Path libraries = python.program("python").getParent().resolveSibling("lib");
    try (Stream<Path> versions = Files.list(libraries)) {
      return versions
          .map(version -> version.resolve("site-packages/pyspark"))
          .filter(Files::isDirectory)
          .findAny()
          .map(TestingDistribution::new)
          .orElseThrow(() -> new AssertionError("no pyspark below " + libraries));
    }
  }
}
