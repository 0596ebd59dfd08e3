package backfill.bench;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Finds a Python that has some modules. */
final class Python {
  private static final String NAMED = "BENCH_PYTHON";

  private Python() {}

  /**
   * That of {@code BENCH_PYTHON}, or the first on the path, or the system's.
   *
   * @param modules as in an import statement
   */
  static Optional<String> with(String modules) {
    String named = System.getenv(NAMED);
    return (named == null ? Stream.of("python3", "/usr/bin/python3") : Stream.of(named))
        .filter(python -> imports(python, modules))
        .findFirst();
  }

  /** Why a row is empty where there is none. */
  static String absent(String modules) {
    return "no python3 imports "
        + modules
        + "; install them, or set "
        + NAMED
        + " to one that does";
  }

  private static boolean imports(String python, String modules) {
    try {
      Process process =
          new ProcessBuilder(List.of(python, "-c", "import " + modules))
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return false;
      }
      return process.exitValue() == 0;
    } catch (IOException e) {
      return false; // there is no such program
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
