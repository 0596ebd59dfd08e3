package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCluster;
import backfill.testing.TestingGrants;
import backfill.testing.TestingJvm;
import backfill.testing.TestingProcess;
import backfill.testing.TestingRun;
import backfill.testing.TestingTableCopy;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The report's {@code inserted} against the growth of the table, on a cluster that fails. */
class StandaloneClusterTest {
  private static final int PAIRS = 4000;
  private static final int BATCHES = 20;

  private static TestingCluster cluster;
  private TestingGrants there;

  @BeforeAll
  static void start() throws IOException {
    cluster = TestingCluster.start(1);
  }

  @AfterAll
  static void stop() throws IOException {
    cluster.close();
  }

  @BeforeEach
  void create() throws Exception {
    there = TestingGrants.of(20, 200);
  }

  @AfterEach
  void drop() throws Exception {
    there.close();
  }

  @Test
  void taskThatFailsAfterSomeBatchesGoesOnBehindThem() throws Exception {
    there.beforeEachBatch(
        "IF n IN (5, 15) THEN RAISE EXCEPTION 'the disk' USING ERRCODE = '58030'; END IF;");

    TestingRun run = run("retried", Map.of());

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(there.batchesSent()).isEqualTo(BATCHES + 2);
    assertExact(run);
  }

  @Test
  void secondCopyOfASlowTaskAddsNothing() throws Exception {
    there.beforeEachBatch(
        "IF current_setting('application_name') LIKE '%#1' THEN PERFORM pg_sleep(0.5); END IF;");

    TestingRun run = run("doubled", TestingCluster.SPECULATING);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(there.batchesSent()).as("a copy has sent some too").isGreaterThan(BATCHES);
    assertExact(run);
  }

  @Test
  void killedExecutorLosesNoCount() throws Exception {
    there.beforeEachBatch("PERFORM pg_sleep(0.3);");
    String plan = there.plan("killed");
    TestingRun run;
    try (TestingProcess job = cluster.run(there.database.environment(), plan, Map.of())) {
      job.await(there, "some batches were in", "count(*) >= 800 FROM access");
      List<ProcessHandle> executors = cluster.executors();
      assertThat(executors).hasSize(2);
      executors.get(0).destroyForcibly();
      run = job.end();
    }
    there.await("nobody writes", "count(*) = 0" + TestingGrants.SESSIONS);

    assertThat(run.code()).as(run.said()).isIn(0, 4);
    assertThat(run.inserted()).isEqualTo(there.rows()).isEqualTo(there.ledgerRows());
    assertThat(run.report().path("countsExact").booleanValue()).isTrue();

    there.beforeEachBatch("");
    TestingRun rerun = TestingRun.here(there.database.environment(), plan);

    assertThat(rerun.code()).isZero();
    assertThat(rerun.inserted()).isEqualTo(PAIRS - run.inserted());
    assertThat(there.differences()).isZero();
    assertThat(there.ledgerRows()).isEqualTo(PAIRS);
  }

  /**
   * Executors elsewhere send their counts with heartbeats, as often as a run's own settings say.
   */
  @Test
  void progressLinesGrowWhileItIsWritten() throws Exception {
    there.beforeEachBatch("PERFORM pg_sleep(0.6);");
    try (TestingProcess job =
        cluster.run(
            there.database.environment(),
            there.plan("watched", "progress-every = 500 ms"),
            Map.of())) {
      TestingRun run = job.end();

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(
              Pattern.compile("write pairs: ([\\d,]+) of 4,000 rows")
                  .matcher(run.said())
                  .results()
                  .map(line -> line.group(1))
                  .distinct())
          .as(run.said())
          .hasSizeGreaterThanOrEqualTo(3);
    }
  }

  @Test
  void applicationReadsATableAndWritesAStreamsBatchesOnExecutors() throws Exception {
    there.database.execute("CREATE TABLE copied (LIKE access INCLUDING ALL)");
    try (TestingProcess application =
        cluster.application(
            TestingTableCopy.class, there.database.environment(), "member", "copied")) {
      TestingRun ended = application.end();

      assertThat(ended.code()).as(ended.said()).isZero();
      assertThat(ended.said().lines())
          .containsSubsequence(
              "read on the driver: false",
              "joined " + PAIRS / 200 * (200 * 201 / 2),
              "batch 0 inserted 2000",
              "batch 0 inserted 2000",
              "batch 1 inserted 2000",
              "batch 1 inserted 2000",
              "present 4000");
    }
    assertThat(
            there.database.count(
                "SELECT count(*) FROM (SELECT object_id, user_id FROM member EXCEPT SELECT object_id, user_id FROM copied) d"))
        .isZero();
    assertThat(there.database.count("SELECT count(*) FROM copied")).isEqualTo(PAIRS);
    there.await("nobody reads", "count(*) = 0" + TestingGrants.SESSIONS);
  }

  @Test
  void withoutALedgerASecondCopyIsRefused() throws Exception {
    try (TestingProcess job =
        TestingProcess.local(
            "local[2]",
            Map.of(
                "BACKFILL_URL", there.database.url(),
                "BACKFILL_USER", there.database.user(),
                "BACKFILL_PASSWORD", there.database.password(),
                "JDK_JAVA_OPTIONS", "-Dspark.speculation=true"),
            there.plan("refused", "ledger = off"))) {
      TestingRun run = job.end();

      assertThat(run.code()).as(run.said()).isEqualTo(2);
      assertThat(run.message())
          .isEqualTo(
              "spark.speculation: is on, and without a ledger nothing tells two copies of a writer apart; set it to"
                  + " false, or leave out ledger = off");
      assertThat(run.step().path("read")).isEmpty();
      assertThat(there.rows()).isZero();
    }
  }

  @Test
  void preflightOfACheckRefusesItToo() throws Exception {
    List<String> command = TestingJvm.words("-Dspark.master=local[2]", "-Dspark.speculation=true");
    command.addAll(List.of("backfill.Main", "check", there.plan("checked", "ledger = off")));
    try (TestingProcess job = TestingProcess.start(command, there.database.environment())) {
      TestingRun run = job.end();

      assertThat(run.code()).as(run.said()).isEqualTo(2);
      assertThat(run.said())
          .contains(
              "preflight failed: spark.speculation: is on, and without a ledger nothing tells");
    }
  }

  @Test
  void supervisedDriverIsRefused() throws Exception {
    try (TestingProcess job =
        TestingProcess.local(
            "local[2]",
            Map.of(
                "JDK_JAVA_OPTIONS",
                "-Dspark.driver.supervise=true -Dspark.submit.deployMode=cluster"),
            there.plan("supervised"))) {
      TestingRun run = job.end();

      assertThat(run.code()).as(run.said()).isEqualTo(2);
      assertThat(run.message())
          .isEqualTo(
              "spark.driver.supervise: is on, and would start a run again that ended for a reason; kill this driver,"
                  + " and submit without --supervise");
    }
  }

  private TestingRun run(String name, Map<String, String> spark) throws Exception {
    try (TestingProcess job = cluster.run(there.database.environment(), there.plan(name), spark)) {
      return job.end();
    }
  }

  private void assertExact(TestingRun run) throws Exception {
    assertThat(run.inserted()).isEqualTo(PAIRS).isEqualTo(there.rows());
    assertThat(run.step().path("conflicts").longValue()).isZero();
    assertThat(there.ledgerRows(run.runId())).isEqualTo(PAIRS);
    assertThat(run.report().path("countsExact").booleanValue()).isTrue();
  }
}
