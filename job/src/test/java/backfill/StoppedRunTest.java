package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.cli.CommandLineJob;
import backfill.report.ExitCode;
import backfill.report.Stopping;
import backfill.testing.TestingSpark;
import backfill.testing.TestingStoppedTables;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs of this JVM that are asked to end wherever they are. */
class StoppedRunTest {
  private static final Stopping.Reason REASON = new Stopping.Reason("a test", ExitCode.STOPPED);

  /** The slow read takes 100 s where it is not left, and the lock is never had. */
  private static final Duration LESS_THAN_THE_READ = Duration.ofSeconds(40);

  @TempDir Path directory;
  private final Stopping stopping = Stopping.byHand();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  @BeforeAll
  static void startSpark() {
    TestingSpark.session();
  }

  private CompletableFuture<Integer> begin(TestingStoppedTables tables) {
    return CompletableFuture.supplyAsync(() -> run(stopping, tables));
  }

  private int run(Stopping by, TestingStoppedTables tables, String... more) {
    PrintStream stream = new PrintStream(out, true);
    return CommandLineJob.run(
        by, tables.database.environment(), stream, stream, tables.command(more));
  }

  private static int end(CompletableFuture<Integer> run) throws Exception {
    return run.get(2, TimeUnit.MINUTES);
  }

  @Test
  void deadlineInTheMiddleOfTheWriteLetsTheBatchesInFlightEnd() throws Exception {
    try (TestingStoppedTables tables = TestingStoppedTables.create(directory, "true").slow()) {
      CompletableFuture<Integer> run = begin(tables);
      tables.awaitGranted(run::isDone);
      stopping.at(Instant.now().plusMillis(100));

      assertThat(end(run)).isEqualTo(143);
      assertThat(tables.sessions()).isZero();
      tables.assertStoppedInTheWrite(143);

      tables.fast();
      assertThat(run(Stopping.byHand(), tables)).isZero();
      tables.assertComplete();
    }
  }

  @Test
  void deadlineThatIsOverStopsBeforeAnythingIsRead() throws Exception {
    try (TestingStoppedTables tables = TestingStoppedTables.create(directory, "true")) {
      assertThat(run(stopping, tables, "--set", "stop-after=2020-01-01T00:00:00Z")).isEqualTo(143);
      assertNothingWritten(tables, "pending");
      assertThat(out.toString().lines().reduce((before, last) -> last).orElseThrow())
          .contains(
              "\"status\":\"stopped\",\"exitCode\":143,\"retryable\":true,\"wouldRefuse\":null");
    }
  }

  @Test
  void preflightThatWaitsForALockIsEnded() throws Exception {
    try (TestingStoppedTables tables = TestingStoppedTables.create(directory, "true");
        Connection other = tables.database.connection()) {
      other.setAutoCommit(false);
      other.createStatement().execute("LOCK TABLE members");
      CompletableFuture<Integer> run = begin(tables);
      tables.awaitSession(TestingStoppedTables.BLOCKED, run::isDone);
      assertEndsInTime(run, tables);
      assertNothingWritten(tables, "pending");
    }
  }

  @Test
  void rowsThatAreReadSlowlyAreLeft() throws Exception {
    try (TestingStoppedTables tables =
        TestingStoppedTables.create(directory, "pg_sleep(0.05) IS NOT NULL")) {
      CompletableFuture<Integer> run = begin(tables);
      tables.awaitSession(TestingStoppedTables.ASLEEP + " AND query LIKE 'COPY%'", run::isDone);
      assertEndsInTime(run, tables);
      assertNothingWritten(tables, "stopped");
    }
  }

  private void assertEndsInTime(CompletableFuture<Integer> run, TestingStoppedTables tables)
      throws Exception {
    long asked = System.nanoTime();
    stopping.ask(REASON);
    assertThat(end(run)).isEqualTo(143);
    assertThat(tables.sessions()).isZero();
    assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(LESS_THAN_THE_READ);
  }

  private static void assertNothingWritten(TestingStoppedTables tables, String first)
      throws Exception {
    JsonNode report = tables.report();
    assertThat(report.path("status").asText()).isEqualTo("stopped");
    assertThat(report.path("countsExact").asBoolean()).isTrue();
    assertThat(report.path("steps").path(0).path("status").asText()).isEqualTo(first);
    assertThat(report.path("steps").path(0).path("inserted").isNull()).isTrue();
    assertThat(report.path("steps").path(1).path("status").asText()).isEqualTo("pending");
    assertThat(tables.granted()).isZero();
  }

  @Test
  void runThatIsOverIsNotStopped() throws Exception {
    try (TestingStoppedTables tables = TestingStoppedTables.create(directory, "true")) {
      assertThat(run(stopping, tables)).isZero();
      stopping.ask(REASON);
      assertThat(tables.report().path("status").asText()).isEqualTo("succeeded");
      tables.assertComplete();
    }
  }
}
