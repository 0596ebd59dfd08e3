package backfill.spark.sink;

/** Counts rows added; public, and with a file of its own, because Spark makes it by its name. */
public final class InsertedMetric extends CountMetric {
  public InsertedMetric() {
    super("inserted", "rows added");
  }
}
