package backfill.spark.engine;

import org.apache.spark.sql.connector.metric.CustomSumMetric;
import org.apache.spark.sql.connector.metric.CustomTaskMetric;

/** Rows in committed batches: for the progress line and Spark's pages, not for the report. */
public final class WrittenRowsMetric extends CustomSumMetric {
  static final String NAME = "backfillRowsWritten";
  public static final String DESCRIPTION = "backfill: rows in committed batches";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return DESCRIPTION;
  }

  public static CustomTaskMetric of(long rows) {
    return new CustomTaskMetric() {
      @Override
      public String name() {
        return NAME;
      }

      @Override
      public long value() {
        return rows;
      }
    };
  }
}
