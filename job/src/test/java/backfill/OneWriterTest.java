package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingGrants;
import backfill.testing.TestingProcess;
import backfill.testing.TestingRun;
import java.sql.Connection;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A second run while the first one writes, sleeps or has ended. */
class OneWriterTest {
  private static final int PAIRS = 4000;
  private static final String WAITS_FOR_THE_TABLE = "count(*) > 0" + TestingGrants.BLOCKED;

  private TestingGrants there;

  @BeforeEach
  void create() throws Exception {
    there = TestingGrants.of(20, 200);
  }

  @AfterEach
  void drop() throws Exception {
    there.close();
  }

  @Test
  void secondRunIsToldWhoWritesAndWritesNothing() throws Exception {
    String plan = there.plan("one", "lock-timeout = 60 s");
    try (Connection holder = there.database.connection()) {
      CompletableFuture<TestingRun> first = held(holder, plan);

      TestingRun second = TestingRun.here(there.database.environment(), plan);
      TestingRun other = TestingRun.here(there.database.environment(), there.plan("other"));

      String runId =
          there.database.rows("SELECT run_id::text FROM backfill.run").get(0).get(0).toString();
      String held =
          " is held by run "
              + runId
              + " on .+ \\(pid "
              + ProcessHandle.current().pid()
              + "\\) since [0-9-]+ [0-9:.]+\\S*, at least until [0-9-]+ [0-9:.]+\\S*; wait for its end, or run"
              + " again later";
      assertThat(second.code()).isEqualTo(75);
      assertThat(second.message()).matches("plan one" + held);
      assertThat(second.report().path("error").path("retryable").booleanValue()).isTrue();
      assertThat(other.code()).isEqualTo(75);
      assertThat(other.message()).matches("table public.access" + held);
      assertThat(there.rows()).isZero();
      assertThat(there.database.count("SELECT count(*) FROM backfill.run"))
          .as("neither was entered")
          .isOne();

      holder.commit();
      assertThat(first.get().code()).isZero();
      assertThat(first.get().inserted()).isEqualTo(PAIRS).isEqualTo(there.rows());
    }
  }

  @Test
  void leaseOutlivesItsLengthWhileItsRunLives() throws Exception {
    String plan = there.plan("long", "lock-timeout = 60 s", "ledger.lease = 1 s");
    try (Connection holder = there.database.connection()) {
      CompletableFuture<TestingRun> first = held(holder, plan);
      there.await(
          "the lease is three times as old as it is long",
          "min(clock_timestamp() - since) > interval '3 s' FROM backfill.lease");

      assertThat(TestingRun.here(there.database.environment(), plan).code()).isEqualTo(75);

      holder.commit();
      assertThat(first.get().code()).isZero();
      assertThat(first.get().inserted()).isEqualTo(PAIRS);
    }
  }

  @Test
  void runAfterACleanEndDoesNotWait() throws Exception {
    String plan = there.plan("again", "ledger.lease = 1 h");

    assertThat(TestingRun.here(there.database.environment(), plan).code()).isZero();
    TestingRun again = TestingRun.here(there.database.environment(), plan);
    TestingRun other = TestingRun.here(there.database.environment(), there.plan("other"));

    assertThat(again.code()).isZero();
    assertThat(other.code()).isZero();
    assertThat(again.report().path("durationMs").longValue()).isLessThan(60_000);
    assertThat(
            there
                .database
                .rows("SELECT name, epoch FROM backfill.lease ORDER BY name COLLATE \"C\"")
                .toString())
        .isEqualTo("[[plan again, 2], [plan other, 1], [table public.access, 3]]");
  }

  /**
   * Frozen between two statements of a batch, and between two batches: wherever the signal comes.
   */
  @Test
  void driverThatSleptThroughItsLeaseWritesNothingMore() throws Exception {
    String plan = there.plan("frozen", "ledger.lease = 2 s");
    there.beforeEachBatch("PERFORM pg_sleep(0.2);");
    try (TestingProcess sleeper =
        TestingProcess.local("local[2]", there.database.environment(), plan)) {
      sleeper.await(there, "some batches were in", "count(*) >= 600 FROM access");
      sleeper.signal("STOP");
      there.beforeEachBatch("");
      long asleep = there.rows();
      there.await("the lease is over", "max(until) < clock_timestamp() FROM backfill.lease");

      TestingRun second = TestingRun.here(there.database.environment(), plan);

      assertThat(second.code()).as(second.message()).isZero();
      assertThat(there.rows()).isEqualTo(PAIRS);
      assertThat(second.inserted())
          .isBetween(1L, PAIRS - asleep)
          .isEqualTo(there.ledgerRows(second.runId()));
      there.database.execute("DELETE FROM access WHERE object_id = 20");

      sleeper.signal("CONT");
      TestingRun woken = sleeper.end();

      assertThat(woken.code()).as(woken.said()).isEqualTo(6);
      assertThat(woken.message())
          .isEqualTo(
              "another run has taken over the lease of plan frozen, table public.access; this one writes nothing more");
      assertThat(there.rows()).as("what was taken away stays away").isEqualTo(PAIRS - 200);
      assertThat(woken.inserted())
          .isEqualTo(PAIRS - second.inserted())
          .isEqualTo(there.ledgerRows(woken.runId()));
    }
  }

  @Test
  void connectionCutWhileItTakesTheLeaseIsRetryable() throws Exception {
    String plan = there.plan("cut");
    assertThat(TestingRun.here(there.database.environment(), plan).code()).isZero();
    CompletableFuture<TestingRun> run;
    try (Connection holder = there.database.connection()) {
      holder.setAutoCommit(false);
      holder.createStatement().execute("LOCK TABLE backfill.lease IN ACCESS EXCLUSIVE MODE");
      run = TestingRun.begin(there.database.environment(), plan);
      there.await("it waits for the lease", WAITS_FOR_THE_TABLE);
      there.database.rows(
          "SELECT pg_terminate_backend(pid) FROM (SELECT pid"
              + TestingGrants.BLOCKED
              + " OFFSET 0) blocked");
      run.get();
    }

    assertThat(run.get().code()).isEqualTo(3);
    assertThat(run.get().message())
        .startsWith("cannot keep the ledger in schema backfill: ")
        .endsWith("; run the same command again");
    assertThat(run.get().report().path("error").path("retryable").booleanValue()).isTrue();
    assertThat(TestingRun.here(there.database.environment(), plan).code()).isZero();
  }

  /** Starts a run that waits to write, because this session reads. */
  private CompletableFuture<TestingRun> held(Connection holder, String plan) throws Exception {
    holder.setAutoCommit(false);
    holder.createStatement().execute("LOCK TABLE access IN SHARE MODE");
    CompletableFuture<TestingRun> run = TestingRun.begin(there.database.environment(), plan);
    there.await("it waits for the table", WAITS_FOR_THE_TABLE);
    return run;
  }
}
