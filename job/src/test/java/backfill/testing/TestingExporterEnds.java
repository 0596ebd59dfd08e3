package backfill.testing;

import java.sql.SQLException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;

/** Ends the exporter's session in a database when the first source of a run begins to be read. */
public final class TestingExporterEnds extends SparkListener {
  private final TestingDatabase database;
  private final AtomicInteger ended = new AtomicInteger();

  public TestingExporterEnds(TestingDatabase database) {
    this.database = database;
  }

  /** How many sessions it ended. */
  public int ended() {
    return ended.get();
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
