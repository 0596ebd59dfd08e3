package backfill.spark.sink;

import java.util.Locale;
import org.apache.spark.sql.connector.metric.CustomSumMetric;

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

  static String nameOf(String count) {
    return "backfillRows" + count.substring(0, 1).toUpperCase(Locale.ROOT) + count.substring(1);
  }

  @Override
  public String description() {
    return "backfill: " + rows + " (" + count + ")";
  }
}
