package backfill.postgres.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.PlanFile;
import backfill.plan.Throttle;
import backfill.postgres.server.TableName;
import backfill.postgres.throttle.SignalReading.Level;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the signals of the server read, on one of the test's own that has something to tell. */
class ServerSignalsTest {
  private static final String OURS = "backfill a run";

  private static TestingPostgres server;
  private static TestingDatabase database;
  private Connection connection;

  @BeforeAll
  static void start() throws SQLException {
    server = TestingPostgres.start();
    database = server.createDatabase();
    database.execute(
        "CREATE TABLE t AS SELECT n FROM generate_series(1, 20000) n",
        "CREATE TABLE other (n int)",
        "ALTER SYSTEM SET archive_mode = on",
        "ALTER SYSTEM SET archive_command = 'true'");
    server.restart();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void connect() throws SQLException {
    connection = database.connection();
    connection.setAutoCommit(false);
  }

  @AfterEach
  void disconnect() throws SQLException {
    connection.close();
  }

  private static Connection named(String name) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", database.user());
    properties.setProperty("password", database.password());
    properties.setProperty("ApplicationName", name);
    return DriverManager.getConnection(database.url(), properties);
  }

  private static List<PaceSignal> signals(String table, boolean listsQueue, String... settings) {
    Throttle throttle =
        PlanFile.read(
                "t.conf",
                """
                name = t
                steps = [{ name = t, kind = batches, table = t, where = "n < 0", set = { n = "1" } }]
                """
                    + String.join("\n", settings),
                List.of(),
                "1.0")
            .settings()
            .throttle();
    return ServerSignals.of(
        throttle, OURS, List.of(new TableName("public", table)), listsQueue, sql -> sql);
  }

  /** One of them, read once. */
  private SignalReading read(String name, List<PaceSignal> signals) throws SQLException {
    return read(name, signals, reader());
  }

  private SignalReader reader() {
    return new SignalReader(connection, Duration.ofSeconds(5));
  }

  private static SignalReading read(String name, List<PaceSignal> signals, SignalReader reader)
      throws SQLException {
    PaceSignal signal =
        signals.stream().filter(each -> each.name().equals(name)).findFirst().orElseThrow();
    SignalReading reading = reader.read(signal);
    assertThat(reading.known()).as(reading.words()).isTrue();
    return reading;
  }

  private static void await(String condition) throws SQLException {
    long end = System.nanoTime() + 30_000_000_000L;
    while (database.count("SELECT (" + condition + ")::int") == 0) {
      assertThat(System.nanoTime()).as(condition).isLessThan(end);
      Thread.onSpinWait();
    }
  }

  private static void fillsASegment() throws SQLException {
    database.execute(
        "SELECT pg_logical_emit_message(false, 't', 'x')", "SELECT FROM pg_switch_wal()");
  }

  @Test
  void segmentsThatWaitForTheArchiverAreCountedWithAndWithoutARightToItsDirectory()
      throws SQLException {
    fillsASegment();
    await("SELECT last_archived_wal IS NOT NULL FROM pg_stat_archiver");
    database.execute("ALTER SYSTEM SET archive_command = 'false'", "SELECT pg_reload_conf()");
    fillsASegment();
    await("SELECT failed_count > 0 FROM pg_stat_archiver");
    fillsASegment();
    fillsASegment();

    for (boolean listsQueue : new boolean[] {true, false}) {
      SignalReading reading =
          read("archive-queue", signals("t", listsQueue, "throttle.archive-queue = 2"));
      assertThat(reading.words()).isEqualTo("archive-queue 3 segments (bound 2 segments)");
      assertThat(reading.level()).isEqualTo(Level.PAUSE);
      assertThat(read("archive-queue", signals("t", listsQueue)).level()).isEqualTo(Level.QUIET);
    }
  }

  @Test
  void bytesOfTheLogAreCountedFromOneReadingToTheNext() throws SQLException {
    List<PaceSignal> signals = signals("t", true, "throttle.wal-per-second = 64 KiB");
    SignalReader reader = reader();
    assertThat(read("wal-per-second", signals, reader).level()).isEqualTo(Level.QUIET);
    database.execute("SELECT pg_logical_emit_message(true, 't', repeat('x', 4000000))");

    SignalReading reading = read("wal-per-second", signals, reader);

    assertThat(reading.level()).as(reading.words()).isEqualTo(Level.SLOW);
    assertThat(reading.text()).endsWith("/s");
  }

  @Test
  void othersThatWaitAreCountedAndOursAreNot() throws Exception {
    List<PaceSignal> signals =
        signals("t", true, "throttle { waiting-sessions = 0, blocked-by-us = 0 ms }");
    assertThat(read("waiting-sessions", signals).text()).isEqualTo("0 sessions");
    assertThat(read("blocked-by-us", signals).level()).isEqualTo(Level.QUIET);
    try (Connection holder = named(OURS + " #1");
        Connection ours = named(OURS + " #2");
        Connection other = named("the application");
        Statement lock = holder.createStatement()) {
      holder.setAutoCommit(false);
      lock.execute("LOCK TABLE other");
      List<CompletableFuture<Void>> waiting = List.of(waits(ours), waits(other));
      await("SELECT count(*) = 2 FROM pg_locks WHERE NOT granted");

      assertThat(read("waiting-sessions", signals).words())
          .isEqualTo("waiting-sessions 1 session (bound 0 sessions)");
      assertThat(read("blocked-by-us", signals).level()).isEqualTo(Level.SLOW);

      holder.commit();
      for (CompletableFuture<Void> each : waiting) {
        each.get();
      }
    }
  }

  private static CompletableFuture<Void> waits(Connection waiting) {
    return CompletableFuture.runAsync(
        () -> {
          try (Statement statement = waiting.createStatement()) {
            statement.execute("SELECT FROM other");
          } catch (SQLException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  @Test
  void vacuumOfATargetPausesAndOneOfAnotherTableDoesNot() throws Exception {
    try (Connection vacuuming = database.connection();
        Statement vacuum = vacuuming.createStatement()) {
      vacuum.execute("SET vacuum_cost_delay = 100");
      vacuum.execute("SET vacuum_cost_limit = 1");
      CompletableFuture<Boolean> ended =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return vacuum.execute("VACUUM t");
                } catch (SQLException cancelled) {
                  return false;
                }
              });
      await("SELECT count(*) = 1 FROM pg_stat_progress_vacuum");

      SignalReading ofTarget =
          read("autovacuum", signals("t", true, "throttle.autovacuum = pause"));
      SignalReading ofOther =
          read("autovacuum", signals("other", true, "throttle.autovacuum = pause"));

      vacuum.cancel();
      ended.get();
      assertThat(ofTarget.text()).isEqualTo("1 worker");
      assertThat(ofTarget.level()).isEqualTo(Level.PAUSE);
      assertThat(ofOther.level()).isEqualTo(Level.QUIET);
    }
  }

  @Test
  void timeOfTheProbeIsThatOfItsAnswer() throws SQLException {
    SignalReading slow =
        read(
            "probe-latency",
            signals(
                "t",
                true,
                "throttle { probe-latency = 20 ms, probe = \"SELECT pg_sleep(0.05)\" }"));
    assertThat(slow.level()).isEqualTo(Level.PAUSE);
    assertThat(slow.text()).matches("\\d+ ms");
    assertThat(read("probe-latency", signals("t", true)).level()).isEqualTo(Level.QUIET);
  }
}
