package backfill.spark.source;

import org.apache.spark.sql.connector.read.InputPartition;

/**
 * One ctid range of a scan. On the driver it is told which snapshot to read in whenever Spark is
 * about to send tasks for it, the first time and any later one.
 */
final class RangePartition implements InputPartition {
  private static final long serialVersionUID = 1L;

  private final transient SourceScan scan;
  private final int place;
  private final String sql;
  private volatile HeldSnapshot.Import snapshot;

  RangePartition(SourceScan scan, int place, String sql) {
    this.scan = scan;
    this.place = place;
    this.sql = sql;
  }

  /** Spark asks where a task would best run right before it sends the tasks of a stage. */
  @Override
  public String[] preferredLocations() {
    if (scan != null && SharedSnapshot.inScheduler()) {
      snapshot = scan.begin(place);
    }
    return new String[0];
  }

  /** The snapshot that was taken for the query. */
  void readIn(HeldSnapshot.Import taken) {
    snapshot = taken;
  }

  String sql() {
    return sql;
  }

  HeldSnapshot.Import snapshot() {
    if (snapshot == null) {
      throw new IllegalStateException("Spark sent a task whose scan it had not begun");
    }
    return snapshot;
  }
}
