package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCommitProxy;
import backfill.testing.TestingGrants;
import backfill.testing.TestingProcess;
import backfill.testing.TestingRun;
import java.sql.Connection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The report's {@code inserted} against the growth of the table, where something goes wrong. */
class ExactCountsTest {
  private static final int PAIRS = 4000;

  /** 58030 is a disk's failure: no batch is tried again for it, and no row of it is to blame. */
  private static final String FAIL = "RAISE EXCEPTION 'the disk' USING ERRCODE = '58030';";

  @Test
  void taskThatFailsAfterSomeBatchesGoesOnBehindThem() throws Exception {
    try (TestingGrants there = TestingGrants.of(20, 200)) {
      there.beforeEachBatch("IF n IN (5, 15) THEN " + FAIL + " END IF;");
      try (TestingProcess job =
          TestingProcess.local("local[2,4]", there.database.environment(), there.plan("retried"))) {
        TestingRun run = job.end();

        assertThat(run.code()).as(run.said()).isZero();
        assertThat(there.batchesSent()).as("two batches sent again").isEqualTo(22);
        assertThat(run.inserted()).isEqualTo(PAIRS).isEqualTo(there.rows());
        assertThat(run.step().path("conflicts").longValue()).isZero();
        assertThat(run.step().path("sequenceValues").isNull())
            .as("two batches took them twice")
            .isTrue();
        assertThat(run.report().path("countsExact").booleanValue()).isTrue();
        assertThat(there.ledgerRows(run.runId())).isEqualTo(PAIRS);
      }
    }
  }

  /** Numbers that stand for keys are the same in each attempt, and so is the order. */
  @ParameterizedTest
  @ValueSource(strings = {"uuid", "text"})
  void soItDoesWhereKeysAreNoIntegers(String type) throws Exception {
    try (TestingGrants there = TestingGrants.of(20, 200)) {
      String key = " TYPE " + type + " USING md5(%s::text)::" + type;
      for (String table : List.of("member", "access")) {
        there.database.execute(
            "ALTER TABLE %s ALTER object_id %s, ALTER user_id %s"
                .formatted(table, key.formatted("object_id"), key.formatted("user_id")));
      }
      there.beforeEachBatch("IF n IN (5, 15) THEN " + FAIL + " END IF;");
      try (TestingProcess job =
          TestingProcess.local("local[2,4]", there.database.environment(), there.plan("retried"))) {
        TestingRun run = job.end();

        assertThat(run.code()).as(run.said()).isZero();
        assertThat(there.batchesSent()).as("two batches sent again").isEqualTo(22);
        assertThat(run.inserted()).isEqualTo(PAIRS).isEqualTo(there.rows());
        assertThat(there.differences()).isZero();
        assertThat(run.report().path("countsExact").booleanValue()).isTrue();
        assertThat(there.ledgerRows(run.runId())).isEqualTo(PAIRS);
      }
    }
  }

  /** The control: without a ledger the first attempt's rows come back as somebody else's. */
  @Test
  void withoutALedgerTheReportSaysThatItsCountsAreNotExact() throws Exception {
    try (TestingGrants there = TestingGrants.of(20, 200)) {
      there.beforeEachBatch("IF n = 15 THEN " + FAIL + " END IF;");
      try (TestingProcess job =
          TestingProcess.local(
              "local[2,4]", there.database.environment(), there.plan("off", "ledger = off"))) {
        TestingRun run = job.end();

        assertThat(run.code()).as(run.said()).isZero();
        assertThat(there.rows()).isEqualTo(PAIRS);
        assertThat(run.inserted()).isLessThan(PAIRS);
        assertThat(run.report().path("countsExact").booleanValue()).isFalse();
      }
    }
  }

  @Test
  void commitWhoseAnswerIsLostIsCountedOnce() throws Exception {
    try (TestingGrants there = TestingGrants.of(20, 200);
        TestingCommitProxy proxy =
            TestingCommitProxy.to(there.database.url(), TestingCommitProxy.Cut.BEFORE_THE_ANSWER);
        Connection holder = there.database.connection()) {
      there.beforeEachBatch("IF n > 3 THEN PERFORM pg_advisory_xact_lock_shared(42); END IF;");
      holder.createStatement().execute("SELECT pg_advisory_lock(42)");
      Map<String, String> environment = new HashMap<>(there.database.environment());
      environment.put("BACKFILL_URL", proxy.url(there.database.url()));
      CompletableFuture<TestingRun> begun = TestingRun.begin(environment, there.plan("unanswered"));
      there.await("both writers wait", "count(*) = 2" + TestingGrants.BLOCKED);
      proxy.cutNext(2);
      holder.createStatement().execute("SELECT pg_advisory_unlock(42)");

      TestingRun run = begun.get();

      assertThat(run.code()).as(run.message()).isZero();
      assertThat(proxy.left()).isZero();
      assertThat(there.batchesSent()).as("nothing was sent again").isEqualTo(20);
      assertThat(run.inserted()).isEqualTo(PAIRS).isEqualTo(there.rows());
      assertThat(there.ledgerRows(run.runId())).isEqualTo(PAIRS);
      assertThat(run.report().path("countsExact").booleanValue()).isTrue();
    }
  }

  /** One writer fails for good while the other is in the middle of a batch. */
  @Test
  void failedRunHasCountedEveryBatchThatIsIn() throws Exception {
    try (TestingGrants there = TestingGrants.of(20, 200)) {
      there.beforeEachBatch(
          "IF n = 6 THEN " + FAIL + " END IF; IF n > 3 THEN PERFORM pg_sleep(0.7); END IF;");

      TestingRun run = TestingRun.here(there.database.environment(), there.plan("fails"));
      there.await("nobody writes", "count(*) = 0" + TestingGrants.SESSIONS);

      assertThat(run.code()).isEqualTo(6);
      assertThat(there.rows()).isBetween(1L, PAIRS - 1L).isEqualTo(run.inserted());
      assertThat(run.inserted()).isEqualTo(there.ledgerRows());
      assertThat(run.report().path("countsExact").booleanValue()).isTrue();
    }
  }
}
