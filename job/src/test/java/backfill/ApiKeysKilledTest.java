package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.cli.CommandLineJob;
import backfill.report.ExitCode;
import backfill.report.Stopping;
import backfill.testing.TestingApiKeys;
import backfill.testing.TestingLedger;
import backfill.testing.TestingProcess;
import backfill.testing.TestingRun;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Coder's plan broken off in the middle of its batches, and run again. */
class ApiKeysKilledTest {
  /** Slows each row down, so that there is a middle. */
  private static final List<String> SLOW =
      List.of(
          "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.002);"
              + " RETURN coalesce(NEW, OLD); END $$",
          "CREATE TRIGGER slow BEFORE UPDATE OR DELETE ON api_keys FOR EACH ROW EXECUTE FUNCTION slow()");

  private static final List<String> FAST =
      List.of("DROP TRIGGER slow ON api_keys", "DROP FUNCTION slow");

  @Test
  void stopInsideThePurgeAndInsideTheFillAndARerunGiveTheSame() throws Exception {
    try (TestingApiKeys keys = TestingApiKeys.create().many(2_000);
        TestingApiKeys oracle = keys.copy().migrate()) {
      keys.database.execute(SLOW.toArray(String[]::new));
      for (String step : List.of("purge", "fill")) {
        Stopping stopping = Stopping.byHand();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        CompletableFuture<Integer> run =
            CompletableFuture.supplyAsync(
                () ->
                    CommandLineJob.run(
                        stopping,
                        keys.database.environment(),
                        new PrintStream(out, true),
                        new PrintStream(out, true),
                        "run",
                        TestingApiKeys.PLAN,
                        "--set",
                        "write.rows-per-batch=50"));
        await(keys, step, run);
        stopping.ask(new Stopping.Reason("a test", ExitCode.STOPPED));
        assertThat(run.get(1, TimeUnit.MINUTES)).as(out.toString()).isEqualTo(143);
      }
      keys.database.execute(FAST.toArray(String[]::new));
      TestingRun last = keys.run("run");
      assertThat(last.code()).as(last.said()).isZero();
      assertThat(last.said()).contains("did not come to its end; this one goes on with its :now");
      assertThat(keys.rows()).isEqualTo(oracle.rows());
      assertThat(keys.schema()).containsExactlyElementsOf(oracle.schema());
      assertThat(
              keys.database.count(
                  "SELECT sum(changed) FROM backfill.batch WHERE step IN ('purge', 'fill')"))
          .isEqualTo(2_000);
      assertThat(keys.database.count("SELECT count(DISTINCT now) FROM backfill.run")).isOne();
    }
  }

  /** The process could not start Spark: it names a master that there is not. */
  @Test
  void killedProcessAndARerunGiveTheSameAndNeitherStartsSpark() throws Exception {
    try (TestingApiKeys keys = TestingApiKeys.create().many(2_000);
        TestingApiKeys oracle = keys.copy().migrate()) {
      keys.database.execute(SLOW.toArray(String[]::new));
      try (TestingProcess process = start(keys)) {
        while (!written(keys, "purge")) {
          Thread.sleep(20);
        }
        process.kill();
      }
      keys.database.execute(FAST.toArray(String[]::new));
      try (TestingProcess process = start(keys)) {
        TestingRun run = process.end();
        assertThat(run.code()).as(run.said()).isZero();
        assertThat(run.said()).doesNotContain("SparkContext").contains("goes on with its :now");
      }
      assertThat(keys.rows()).isEqualTo(oracle.rows());
      assertThat(keys.schema()).containsExactlyElementsOf(oracle.schema());
    }
  }

  private static TestingProcess start(TestingApiKeys keys) throws Exception {
    return TestingProcess.local(
        "no-such-master",
        keys.database.environment(),
        TestingApiKeys.PLAN,
        "--set",
        "write.rows-per-batch=50",
        "--set",
        "ledger.lease=1 s");
  }

  private static void await(TestingApiKeys keys, String step, CompletableFuture<Integer> run)
      throws Exception {
    while (!written(keys, step)) {
      assertThat(run.isDone()).as("the run ended before " + step).isFalse();
      Thread.sleep(20);
    }
  }

  private static boolean written(TestingApiKeys keys, String step) throws Exception {
    return TestingLedger.count(
            keys.database,
            "SELECT count(*) FROM backfill.batch WHERE changed > 0 AND step = '" + step + "'")
        > 2;
  }
}
