package backfill.spark.sink;

/**
 * Counts rows that were the same as another one; public, and with a file of its own, because Spark
 * makes it by its name.
 */
public final class RepeatedMetric extends CountMetric {
  public RepeatedMetric() {
    super("repeated", "rows that were the same as another one");
  }
}
