package backfill.spark.sink;

/**
 * Counts rows whose key was there; public, and with a file of its own, because Spark makes it by
 * its name.
 */
public final class PresentMetric extends CountMetric {
  public PresentMetric() {
    super("present", "rows whose key was there");
  }
}
