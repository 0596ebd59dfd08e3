package backfill.testing;

import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
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
  private static final Path TARGET = TestingCheckout.root().resolve("job/target").toAbsolutePath();

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
    Path home = TARGET.resolve("python-" + Integer.toHexString(known.hashCode()));
    return alone(home, () -> in(home, requirements, constraints));
  }

  /** The tests run in several JVMs, and another one may be making the same thing now. */
  static <T> T alone(Path thing, Callable<T> made) throws Exception {
    try (FileChannel lock =
        FileChannel.open(
            thing.resolveSibling(thing.getFileName() + ".lock"),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE)) {
      lock.lock();
      return made.call();
    }
  }

  private static TestingPython in(Path home, Path requirements, Path constraints) throws Exception {
    Path done = home.resolve("done");
    if (Files.exists(done)) {
      return new TestingPython(home);
    }
    Path installers = TARGET.resolve("python-installers");
    TestingOutcome made = alone(installers, () -> TestingInstaller.make(installers));
    if (made.code() != 0) {
      return skip(
          "python3 -m venv fails; install Python 3 with its venv module (Debian: python3-venv)",
          made);
    }
    LOG.info("installing {} into {}", requirements.getFileName(), home);
    TestingOutcome installed =
        new TestingInstaller(installers).install(home, requirements, constraints);
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
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    return TestingOutcome.of(PATIENCE, builder);
  }
}
