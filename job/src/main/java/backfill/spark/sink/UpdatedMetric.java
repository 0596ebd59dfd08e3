package backfill.spark.sink;

/** Counts rows set; public, and with a file of its own, because Spark makes it by its name. */
public final class UpdatedMetric extends CountMetric {
  public UpdatedMetric() {
    super("updated", "rows set");
  }
}
