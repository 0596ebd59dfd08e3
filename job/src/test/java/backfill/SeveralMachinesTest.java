package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.report.Stage;
import backfill.testing.TestingCluster;
import backfill.testing.TestingGrants;
import backfill.testing.TestingProcess;
import backfill.testing.TestingRun;
import backfill.testing.TestingSparkEvents;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One run on a master and two workers, each a process of its own: four tasks could run at once, and
 * the settings allow three connections to read and three to write.
 */
class SeveralMachinesTest {
  private static final int AT_MOST = 3;
  @TempDir Path events;

  @Test
  void workIsOnBothWorkersAndConnectionsAreWhatTheSettingsAllow() throws Exception {
    try (TestingGrants there = TestingGrants.of(20, 200).widen();
        TestingCluster cluster = TestingCluster.start(2)) {
      there.database.execute(
          """
          CREATE FUNCTION slowly(bigint) RETURNS boolean LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(0.0005); RETURN true; END $$
          """);
      there.beforeEachBatch("PERFORM pg_sleep(0.1);");
      String plan = there.planWhere("slowly(object_id)", "several");
      long readers = 0;
      long writers = 0;
      TestingRun run;
      try (TestingProcess job =
          cluster.run(
              there.database.environment(),
              plan,
              TestingSparkEvents.into(events),
              "--set",
              "read.readers=" + AT_MOST,
              "--set",
              "write.writers=" + AT_MOST)) {
        while (job.isAlive()) {
          List<Object> now =
              there
                  .database
                  .rows(
                      "SELECT count(*) FILTER (WHERE query ~ 'ctid >= .*slowly'), count(*) FILTER (WHERE"
                          + " application_name ~ '#') FROM pg_stat_activity WHERE datname = current_database()"
                          + " AND application_name LIKE 'backfill several %'")
                  .get(0);
          readers = Math.max(readers, (Long) now.get(0));
          writers = Math.max(writers, (Long) now.get(1));
          Thread.sleep(10);
        }
        run = job.end();
      }

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(readers).as("connections that read").isEqualTo(AT_MOST);
      assertThat(writers).as("connections that write").isEqualTo(AT_MOST);
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
}
