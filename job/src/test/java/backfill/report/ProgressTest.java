package backfill.report;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.cli.CommandLineJob;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingLog;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingSpark;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.logging.log4j.Level;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that waits says for whom, at the latest after 5 seconds, and goes on when it may. */
class ProgressTest {
  private static final Duration LONGEST_HOLD = Duration.ofSeconds(12);
  private static final long LONGEST_SILENCE_MILLIS = 5_000;

  @TempDir Path directory;
  private TestingDatabase database;
  private Path plan;

  @BeforeEach
  void create() throws Exception {
    TestingSpark.session();
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE member (team bigint, person bigint)",
        "INSERT INTO member SELECT i % 10, i FROM generate_series(1, 1000) i",
        "CREATE TABLE sees (team bigint, person bigint, PRIMARY KEY (team, person))");
    plan = directory.resolve("waits.conf");
    Files.writeString(
        plan,
        """
        name = waits
        sources.member = member
        steps = [
          { name = people, kind = pairs
            direct = [{ from = member, object = team, user = person }]
            into = { table = sees, object = team, user = person } }
        ]
        """);
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  /** A session with a lock, which lets go after the given time. */
  private final class Holder implements AutoCloseable {
    private final Connection connection;
    private final long pid;
    private CompletableFuture<Void> release;

    Holder(String lock) throws SQLException {
      connection =
          DriverManager.getConnection(
              database.url() + "?ApplicationName=nightly-report",
              database.user(),
              database.password());
      connection.setAutoCommit(false);
      connection.createStatement().execute(lock);
      var row = connection.createStatement().executeQuery("SELECT pg_backend_pid()");
      row.next();
      pid = row.getLong(1);
    }

    /** Lets go once the log named this session twice, or after the longest hold. */
    void releaseOnceNamedTwice(TestingLog log) {
      release =
          CompletableFuture.runAsync(
              () -> {
                try {
                  awaitBlocking();
                  long end = System.nanoTime() + LONGEST_HOLD.toNanos();
                  while (named(log).size() < 2 && System.nanoTime() < end) {
                    Thread.sleep(20);
                  }
                  connection.rollback();
                } catch (Exception e) {
                  throw new AssertionError(e);
                }
              });
    }

    private void awaitBlocking() throws Exception {
      while (database.count(
              "SELECT count(*) FROM pg_stat_activity WHERE "
                  + pid
                  + " = ANY (pg_blocking_pids(pid))")
          == 0) {
        Thread.sleep(20);
      }
    }

    /** The lines that say that we wait for it. */
    List<String> named(TestingLog log) {
      return log.texts().stream()
          .filter(line -> line.contains("waits for pid " + pid + " (nightly-report, "))
          .filter(line -> line.contains("blocks our pid"))
          .toList();
    }

    @Override
    public void close() throws SQLException {
      if (release != null) {
        release.join();
      }
      connection.close();
    }
  }

  private int run(String... more) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
    List<String> arguments = new ArrayList<>(List.of("run", plan.toString()));
    arguments.addAll(List.of(more));
    return CommandLineJob.run(
        database.environment(), stream, stream, arguments.toArray(String[]::new));
  }

  private void runsBeside(String lock, String stage) throws Exception {
    int code;
    List<String> named;
    TestingLog log = new TestingLog(Level.INFO);
    try (log;
        Holder holder = new Holder(lock)) {
      holder.releaseOnceNamedTwice(log);
      code = run("--set", "lock-timeout=60 s");
      named = holder.named(log);
    }
    assertThat(named).hasSizeGreaterThanOrEqualTo(2).allMatch(line -> line.startsWith(stage));
    List<TestingLog.Line> lines = log.lines();
    for (int i = 1; i < lines.size(); i++) {
      assertThat(lines.get(i).millis() - lines.get(i - 1).millis())
          .as("between '%s' and '%s'", lines.get(i - 1).text(), lines.get(i).text())
          .isLessThanOrEqualTo(LONGEST_SILENCE_MILLIS);
    }
    assertThat(code).as("%s", log.texts()).isZero();
    assertThat(database.count("SELECT count(*) FROM sees")).isEqualTo(1000);
  }

  @Test
  void sourceThatSomebodyHoldsIsWaitedForFromTheStart() throws Exception {
    runsBeside("LOCK TABLE member IN ACCESS EXCLUSIVE MODE", "preflight ");
  }

  @Test
  void targetThatSomebodyHoldsIsWaitedForInTheWrite() throws Exception {
    // A mode that lets everybody read: so the run comes as far as its write.
    runsBeside("LOCK TABLE sees IN EXCLUSIVE MODE", "write people: 0 of 1,000 rows, ");
  }

  @Test
  void quietRunSaysOnlyWhatIsAmiss() {
    try (TestingLog log = new TestingLog(Level.INFO)) {
      assertThat(run("--quiet")).isZero();
      assertThat(log.texts()).isEmpty();
    }
  }

  @Test
  void preflightWaitsAsLongAsLockTimeoutAndSaysForWhom() throws Exception {
    try (TestingLog log = new TestingLog(Level.INFO);
        Holder holder = new Holder("LOCK TABLE sees IN ACCESS EXCLUSIVE MODE")) {
      assertThat(holder.pid).isPositive();
      long began = System.nanoTime();
      int code = run("--set", "lock-timeout=300 ms");

      assertThat(code).isEqualTo(3);
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(20));
      assertThat(log.texts())
          .anyMatch(
              line ->
                  line.contains(
                          "preflight broke off: no lock was had within 300 ms (lock-timeout): pid "
                              + holder.pid
                              + " (nightly-report, role ")
                      && line.contains(
                          ") holds ACCESS EXCLUSIVE on sees; wait until that has ended, or end it, then run the same"
                              + " command again"));
    }
    assertThat(database.count("SELECT count(*) FROM sees")).isZero();
  }
}
