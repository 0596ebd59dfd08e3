package backfill.spark.engine;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.cli.CommandLineJob;
import backfill.testing.TestingSpark;
import backfill.testing.TestingStoppedProcess;
import backfill.testing.TestingStoppedProcess.Ended;
import backfill.testing.TestingStoppedTables;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Signals to the job's process, at the moments where most is going on. */
class SignalsTest {
  private static final Duration LIMIT = Duration.ofSeconds(5);

  @TempDir Path directory;

  @Test
  void sigtermWhileABatchWaitsForSomebodyElse() throws Exception {
    try (TestingStoppedTables tables = TestingStoppedTables.create(directory, "true");
        TestingStoppedProcess process = TestingStoppedProcess.begin(tables)) {
      Ended ended;
      try (Connection other = tables.other()) {
        tables.awaitSession(TestingStoppedTables.BLOCKED, process::ended);
        ended = process.signal("TERM");
        other.rollback();
      }

      assertStopped(ended, 143, "SIGTERM");
      tables.assertStoppedInTheWrite(143);
      assertThat(ended.run().said())
          .contains("write first stopped by SIGTERM: each batch before it");
      assertRerunCompletes(tables);
    }
  }

  @Test
  void ctrlCAndImpatienceWhileBatchesAreOnTheirWay() throws Exception {
    try (TestingStoppedTables tables = TestingStoppedTables.create(directory, "true").slow();
        TestingStoppedProcess process = TestingStoppedProcess.begin(tables)) {
      tables.awaitGranted(process::ended);
      Ended ended = process.signal("INT", "INT", "TERM");

      assertStopped(ended, 130, "SIGINT");
      tables.assertStoppedInTheWrite(130);
      tables.fast();
      assertRerunCompletes(tables);
    }
  }

  @Test
  void sigtermWhileSparkStarts() throws Exception {
    try (TestingStoppedTables tables = TestingStoppedTables.create(directory, "true");
        TestingStoppedProcess process = TestingStoppedProcess.begin(tables)) {
      tables.awaitSession(TestingStoppedTables.PREFLIGHT, process::ended);
      Ended ended = process.signal("TERM");

      assertStopped(ended, 143, "SIGTERM");
      assertThat(tables.granted()).isZero();
    }
  }

  private static void assertStopped(Ended ended, int code, String signal) {
    assertThat(ended.run().code()).as(ended.run().said()).isEqualTo(code);
    assertThat(ended.lastSeen()).as(ended.run().said()).isLessThan(LIMIT);
    assertThat(ended.run().line().path("status").asText()).isEqualTo("stopped");
    assertThat(ended.run().line().path("exitCode").asInt()).isEqualTo(code);
    assertThat(ended.run().said())
        .contains(signal + ": stopping; the batches in flight may end")
        .contains("to go on, run the same command again: backfill run ")
        .doesNotContain("\tat ");
  }

  private static void assertRerunCompletes(TestingStoppedTables tables) throws Exception {
    TestingSpark.session();
    assertThat(
            CommandLineJob.run(
                tables.database.environment(), System.out, System.err, tables.command()))
        .isZero();
    tables.assertComplete();
  }
}
