package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.report.Stage;
import backfill.testing.TestingCluster;
import backfill.testing.TestingGrants;
import backfill.testing.TestingProcess;
import backfill.testing.TestingRun;
import backfill.testing.TestingSparkEvents;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One run on a master and two workers, each a process of its own: four tasks could run at once, and
 * the settings allow three connections to read and three to write.
 */
class SeveralMachinesTest {
  private static final int AT_MOST = 3;

  /** How often it is asked, once there are as many, whether there is one more. */
  private static final int LOOKS = 50;

  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(10);

  /** Tasks begin when all cores are there, and not on the worker that is ready first. */
  private static final Map<String, String> ALL_CORES =
      Map.of(
          "spark.cores.max", "4",
          "spark.scheduler.minRegisteredResourcesRatio", "1.0",
          "spark.scheduler.maxRegisteredResourcesWaitingTime", "10min");

  @TempDir Path events;

  @Test
  void workIsOnBothWorkersAndConnectionsAreWhatTheSettingsAllow() throws Exception {
    try (TestingGrants there = TestingGrants.of(20, 200).widen();
        TestingCluster cluster = TestingCluster.start(2)) {
      // Each reader and each writer waits until all are there: no machine is too slow for that.
      there.database.execute(
          """
          CREATE SEQUENCE reading;
          CREATE SEQUENCE writing;
          CREATE FUNCTION slowly(bigint) RETURNS boolean LANGUAGE plpgsql AS
            $$ BEGIN WHILE NOT (SELECT is_called FROM reading) LOOP PERFORM pg_sleep(0.01); END LOOP; RETURN true; END $$
          """);
      there.beforeEachBatch(
          "WHILE NOT (SELECT is_called FROM writing) LOOP PERFORM pg_sleep(0.01); END LOOP;");
      String plan = there.planWhere("slowly(object_id)", "several");
      Map<String, String> spark = new HashMap<>(TestingSparkEvents.into(events));
      spark.putAll(ALL_CORES);
      TestingRun run;
      try (TestingProcess job =
          cluster.run(
              there.database.environment(),
              plan,
              spark,
              "--set",
              "read.readers=" + AT_MOST,
              "--set",
              "write.writers=" + AT_MOST)) {
        all(there, job, "reading", "query ~ 'ctid >= .*slowly'");
        all(there, job, "writing", "application_name ~ '#'");
        run = job.end();
      }

      assertThat(run.code()).as(run.said()).isZero();
      TestingSparkEvents tasks = TestingSparkEvents.of(events);
      for (Stage stage : List.of(Stage.READ, Stage.WRITE, Stage.VERIFY)) {
        assertThat(tasks.hosts(stage)).as("%s", stage).containsExactly("127.0.0.1", "127.0.0.2");
      }
      assertThat(run.inserted()).isEqualTo(there.rows()).isEqualTo(there.ledgerRows(run.runId()));
      assertThat(there.differences()).isZero();
      assertThat(
              there.database.rows(
                  "SELECT DISTINCT partition FROM backfill.batch ORDER BY partition"))
          .isEqualTo(List.of(List.of(0), List.of(1), List.of(2)));
    }
  }

  /** Lets connections of this kind go on once as many are there as may be, and no more come. */
  private static void all(TestingGrants there, TestingProcess job, String gate, String kind)
      throws Exception {
    long end = System.nanoTime() + PATIENCE_NANOS;
    for (int looks = 0; looks < LOOKS; Thread.sleep(10)) {
      long now =
          there.database.count(
              "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                  + " AND application_name LIKE 'backfill several %' AND "
                  + kind);
      assertThat(now).as(gate).isLessThanOrEqualTo(AT_MOST);
      assertThat(job.isAlive()).as("%s: %s", gate, job.said()).isTrue();
      assertThat(System.nanoTime()).as("%s by %d only", gate, now).isLessThan(end);
      looks += now == AT_MOST ? 1 : 0;
    }
    there.database.execute("SELECT nextval('" + gate + "')");
  }
}
