package backfill.spark;

import backfill.plan.Settings;
import backfill.postgres.Database;
import backfill.postgres.Snapshot;
import backfill.postgres.Table;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Reads tables with Spark's own JDBC source, so that every partition of every table sees one
 * exported snapshot. A table is split into ranges of its ctid.
 */
public final class SnapshotReader {
  private final TableScan scan;
  private final Database database;
  private final String applicationName;
  private final Snapshot snapshot;
  private final Overlay overlay;
  private long statements;

  public SnapshotReader(
      SparkSession spark,
      Database database,
      Snapshot snapshot,
      Settings.Read settings,
      String applicationName) {
    this(spark, database, snapshot, settings, applicationName, new Overlay());
  }

  /**
   * @param overlay what is laid over the tables
   */
  SnapshotReader(
      SparkSession spark,
      Database database,
      Snapshot snapshot,
      Settings.Read settings,
      String applicationName,
      Overlay overlay) {
    this.scan = new TableScan(spark, database, settings, applicationName);
    this.database = database;
    this.applicationName = applicationName;
    this.snapshot = snapshot;
    this.overlay = overlay;
  }

  /**
   * These columns of the table, read when Spark asks for them; at most {@code readers} connections
   * at a time.
   */
  Dataset<Row> read(Table table, Collection<String> columns, String where) {
    return overlay.covers(table)
        ? overlay.read(this, table, columns, where)
        : scanned(table, columns, where);
  }

  /** Likewise, without what an earlier step would change. */
  Dataset<Row> scanned(Table table, Collection<String> columns, String where) {
    statements += scan.ranges(table).size();
    return scan.rows(table, columns, where, snapshot.importStatements());
  }

  /** Rows, as they would look in the table. */
  StoredRows stored(Dataset<Row> rows, Table table) {
    return new StoredRows(database, applicationName, rows, table);
  }

  /**
   * Two integer columns of the table, read when Spark asks for them; at most {@code readers}
   * connections at a time.
   */
  JavaRDD<LongPairs> readPairs(Table table, PairColumns columns, String where) {
    if (overlay.covers(table)) {
      List<String> names = List.of(columns.key(), columns.member());
      return LongPairsOfRows.of(
          overlay.read(this, table, new LinkedHashSet<>(names), where), columns);
    }
    statements += scan.ranges(table).size();
    return scan.pairs(table, columns, where, snapshot.importStatements());
  }

  /** How many statements read rows so far. */
  public long statements() {
    return statements;
  }

  /** The snapshot that it reads. */
  public Snapshot snapshot() {
    return snapshot;
  }

  static Column column(String name) {
    return functions.col("`" + name.replace("`", "``") + "`");
  }
}
