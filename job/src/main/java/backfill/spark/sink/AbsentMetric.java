package backfill.spark.sink;

/**
 * Counts rows whose key was not there; public, and with a file of its own, because Spark makes it
 * by its name.
 */
public final class AbsentMetric extends CountMetric {
  public AbsentMetric() {
    super("absent", "rows whose key was not there");
  }
}
