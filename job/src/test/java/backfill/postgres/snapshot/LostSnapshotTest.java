package backfill.postgres.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.TestingDatabase;
import backfill.TestingDojo;
import backfill.TestingRun;
import backfill.TestingSpark;
import backfill.report.ExitCodeTest;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.junit.jupiter.api.Test;

/** The transaction that exported the snapshot ends before everything is read. */
class LostSnapshotTest {

  @Test
  void nothingIsWrittenAndTheMessageNamesStepAndSnapshot() throws Exception {
    try (TestingDojo there = TestingDojo.create()) {
      there.dojo.productMember("p1", "u1", "Reader").globalRoleUser("u1", "Owner");
      List<List<Object>> before = there.trace();
      ExporterEnds ends = new ExporterEnds(there.database);
      TestingSpark.session().sparkContext().addSparkListener(ends);
      TestingRun run;
      try {
        // The ledger would be new tables of its own.
        run = there.run("run", "--set", "ledger=off");
      } finally {
        TestingSpark.session().sparkContext().removeSparkListener(ends);
      }

      assertThat(ends.ended.get()).isEqualTo(1);
      assertThat(run.code()).as(run.said()).isEqualTo(4);
      assertThat(there.trace()).isEqualTo(before);
      Matcher snapshot = Pattern.compile("read: snapshot (\\S+) at").matcher(run.said());
      assertThat(snapshot.find()).as(run.said()).isTrue();
      assertThat(run.report().path("error").path("message").asText())
          .contains("snapshot " + snapshot.group(1));
      assertThat(run.report().path("error").path("step").asText()).isEqualTo("product-users");
      assertThat(run.report().path("error").path("retryable").asBoolean()).isTrue();
      assertThat(run.said()).contains("read product-users failed: ");
      ExitCodeTest.assertClear(run);
    }
  }

  /** Ends the exporter's session when the first source begins to be read. */
  private static final class ExporterEnds extends SparkListener {
    private final TestingDatabase database;
    private final AtomicInteger ended = new AtomicInteger();

    ExporterEnds(TestingDatabase database) {
      this.database = database;
    }

    @Override
    public void onJobStart(SparkListenerJobStart job) {
      if (ended.get() > 0
          || !"read".equals(Objects.toString(job.properties().get("spark.jobGroup.id"), ""))) {
        return;
      }
      try {
        ended.addAndGet(
            (int)
                database.count(
                    "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity"
                        + " WHERE datname = current_database() AND application_name LIKE 'backfill %'"
                        + " AND state = 'idle in transaction' AND query LIKE '%pg_export_snapshot%'"));
      } catch (SQLException e) {
        throw new AssertionError(e);
      }
    }
  }
}
