package backfill.spark.sink;

/**
 * Counts rows that had their values already; public, and with a file of its own, because Spark
 * makes it by its name.
 */
public final class UnchangedMetric extends CountMetric {
  public UnchangedMetric() {
    super("unchanged", "rows that had their values already");
  }
}
