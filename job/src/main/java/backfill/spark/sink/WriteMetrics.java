package backfill.spark.sink;

import backfill.postgres.ledger.ModeCounts;
import backfill.spark.engine.WrittenRowsMetric;
import java.util.stream.Stream;
import org.apache.spark.sql.connector.metric.CustomMetric;
import org.apache.spark.sql.connector.metric.CustomTaskMetric;

/** What a write of anybody's rows shows on Spark's own pages. */
final class WriteMetrics {
  private WriteMetrics() {}

  /** All of them, beside that of rows in committed batches. */
  static CustomMetric[] all() {
    return new CustomMetric[] {
      new WrittenRowsMetric(),
      new InsertedMetric(),
      new UpdatedMetric(),
      new UnchangedMetric(),
      new PresentMetric(),
      new AbsentMetric(),
      new RepeatedMetric(),
      new RejectedMetric()
    };
  }

  /** A task's own value of each. */
  static CustomTaskMetric[] of(ModeCounts counts) {
    return Stream.of(
            WrittenRowsMetric.of(counts.rows()),
            value("inserted", counts.inserted()),
            value("updated", counts.updated()),
            value("unchanged", counts.unchanged()),
            value("present", counts.present()),
            value("absent", counts.absent()),
            value("repeated", counts.repeated()),
            value("rejected", counts.rejected()))
        .toArray(CustomTaskMetric[]::new);
  }

  private static CustomTaskMetric value(String count, long rows) {
    return new CustomTaskMetric() {
      @Override
      public String name() {
        return CountMetric.nameOf(count);
      }

      @Override
      public long value() {
        return rows;
      }
    };
  }
}
