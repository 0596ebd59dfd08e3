package backfill.spark.sink;

import backfill.postgres.ledger.ModeCounts;
import backfill.spark.engine.WrittenRowsMetric;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.spark.sql.connector.metric.CustomMetric;
import org.apache.spark.sql.connector.metric.CustomSumMetric;
import org.apache.spark.sql.connector.metric.CustomTaskMetric;

/** One of the counts of a write on Spark's own pages; a task that runs twice counts twice there. */
abstract class CountMetric extends CustomSumMetric {
  private final String count;
  private final String rows;

  CountMetric(String count, String rows) {
    this.count = count;
    this.rows = rows;
  }

  @Override
  public String name() {
    return nameOf(count);
  }

  private static String nameOf(String count) {
    return "backfillRows" + count.substring(0, 1).toUpperCase(Locale.ROOT) + count.substring(1);
  }

  @Override
  public String description() {
    return "backfill: " + rows + " (" + count + ")";
  }

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
        return nameOf(count);
      }

      @Override
      public long value() {
        return rows;
      }
    };
  }
}
