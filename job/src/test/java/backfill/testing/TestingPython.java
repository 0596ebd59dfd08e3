package backfill.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.junit.jupiter.api.Assumptions;

/**
 * A Python environment with the packages of a requirements file, made once under the build's
 * directory and used again as long as these files stay the same.
 */
public final class TestingPython {
  private static final Logger LOG = LogManager.getLogger(TestingPython.class);
  private static final Duration PATIENCE = Duration.ofMinutes(20);

  /** What pip says where no package index answers, rather than where a requirement is wrong. */
  private static final Pattern NO_INDEX =
      Pattern.compile(
          "from versions: none|NewConnectionError|ConnectTimeoutError|ReadTimeoutError|ProxyError"
              + "|NameResolutionError|Connection(Reset|Refused)Error|Could not fetch URL");

  private final Path home;

  private TestingPython(Path home) {
    this.home = home;
  }

  /**
   * Where Python, or the index that its packages come from, is not there, the test is skipped, and
   * the log says why.
   *
   * @param files requirements first, then constraints
   */
  static TestingPython with(Path requirements, Path constraints) throws Exception {
    String known = Files.readString(requirements) + Files.readString(constraints);
    Path home =
        TestingCheckout.root()
            .resolve("job/target/python-" + Integer.toHexString(known.hashCode()))
            .toAbsolutePath();
    // The tests run in several JVMs, and another one may be making the same one now.
    try (FileChannel lock =
        FileChannel.open(
            home.resolveSibling(home.getFileName() + ".lock"),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE)) {
      lock.lock();
      return in(home, requirements, constraints);
    }
  }

  private static TestingPython in(Path home, Path requirements, Path constraints) throws Exception {
    Path done = home.resolve("done");
    if (Files.exists(done)) {
      return new TestingPython(home);
    }
    delete(home);
    TestingOutcome made = make("python3", "-m", "venv", home.toString());
    if (made.code() != 0) {
      return skip(
          "python3 -m venv fails; install Python 3 with its venv module (Debian: python3-venv)",
          made);
    }
    LOG.info("installing {} into {}", requirements.getFileName(), home);
    TestingOutcome installed =
        make(
            home.resolve("bin/pip").toString(),
            "install",
            "--quiet",
            // What is imported is compiled then; most modules never are.
            "--no-compile",
            "--disable-pip-version-check",
            "--no-input",
            "--retries=2",
            "--timeout=30",
            "--requirement=" + requirements,
            "--constraint=" + constraints);
    if (installed.code() == TestingOutcome.TOO_LATE
        || installed.code() != 0 && noIndexAnswered(installed.said())) {
      return skip("no package index answers pip", installed);
    }
    if (installed.code() != 0) {
      throw new AssertionError("pip cannot install " + requirements + ": " + installed.said());
    }
    Files.createFile(done);
    return new TestingPython(home);
  }

  /** Whether pip failed because it reached nothing, by what it said. */
  public static boolean noIndexAnswered(String said) {
    return NO_INDEX.matcher(said).find();
  }

  private static TestingPython skip(String reason, TestingOutcome ended) {
    return skip(reason + ": " + ended.said().strip());
  }

  /** Gives the test up, visibly in the log. */
  public static <T> T skip(String reason) {
    LOG.warn("SKIPPED, {}", reason);
    return Assumptions.abort(reason);
  }

  /** A program of this environment. */
  Path program(String name) {
    return home.resolve("bin").resolve(name);
  }

  /** What makes this environment's programs the first that are found. */
  String path() {
    return home.resolve("bin") + ":" + System.getenv("PATH");
  }

  /** Runs a program of this environment to its end. */
  public TestingOutcome run(Map<String, String> environment, String name, String... words)
      throws Exception {
    List<String> command = new ArrayList<>(List.of(program(name).toString()));
    command.addAll(List.of(words));
    return end(environment, command);
  }

  private static TestingOutcome make(String... command) throws Exception {
    try {
      return end(Map.of(), List.of(command));
    } catch (IOException e) {
      return new TestingOutcome(127, "", e.getMessage());
    }
  }

  private static TestingOutcome end(Map<String, String> environment, List<String> command)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    return TestingOutcome.of(PATIENCE, builder);
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
