package backfill.spark.sink;

/** Counts rows rejected; public, and with a file of its own, because Spark makes it by its name. */
public final class RejectedMetric extends CountMetric {
  public RejectedMetric() {
    super("rejected", "rows rejected");
  }
}
