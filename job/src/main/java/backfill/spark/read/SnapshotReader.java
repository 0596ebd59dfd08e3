package backfill.spark.read;

import backfill.plan.Settings;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.Database;
import backfill.postgres.snapshot.LeftOutRows;
import backfill.postgres.snapshot.NotedTables;
import backfill.postgres.snapshot.ReadSessions;
import backfill.postgres.snapshot.Snapshot;
import backfill.spark.engine.SparkFailure;
import backfill.spark.query.PairColumnNames;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Reads tables of one database with Spark's own JDBC source, so that every partition of every table
 * sees one exported snapshot. A table is split into ranges of its ctid, or fetched by key. Of one
 * that is not there yet there is nothing to read.
 */
public final class SnapshotReader {
  private final SparkSession spark;
  private final TableScan scan;
  private final KeyedScan keyed;
  private final Database database;
  private final String applicationName;
  private final Snapshot snapshot;
  private final LaidOver overlay;
  private final ReadJobs reads;
  private long statements;

  /**
   * @param overlay what is laid over the tables
   */
  SnapshotReader(
      SparkSession spark,
      Database database,
      Snapshot snapshot,
      Settings.Read settings,
      String applicationName,
      LaidOver overlay) {
    this.spark = spark;
    this.scan = new TableScan(spark, database, settings, applicationName);
    this.keyed = new KeyedScan(spark, database, settings, applicationName);
    this.database = database;
    this.applicationName = applicationName;
    this.snapshot = snapshot;
    this.overlay = overlay;
    this.reads = new ReadJobs(spark, settings.readers());
  }

  /** What is being read here: jobs over what the other methods answer with. */
  public ReadJobs reads() {
    return reads;
  }

  /**
   * These columns of the table, read when Spark asks for them; at most {@code readers} connections
   * at a time. Of a table that is still to be made there are none, and of its columns no type is
   * known.
   */
  public Dataset<Row> read(Table table, Collection<String> columns, String where) {
    if (table.isPending()) {
      return spark
          .emptyDataFrame()
          .select(
              columns.stream().map(name -> functions.lit(null).as(name)).toArray(Column[]::new));
    }
    return overlay.covers(table)
        ? overlay.read(this, table, columns, where)
        : scanned(table, columns, where);
  }

  /** These columns as the table itself has them, whatever is laid over it. */
  public Dataset<Row> scanned(Table table, Collection<String> columns, String where) {
    return scan.rows(counted(table), columns, where, ReadSessions.importing(snapshot, table));
  }

  /** As large as the snapshot shows it; by that it is told how many statements read it. */
  private Table counted(Table table) {
    Table sized = snapshot.sized(table);
    statements += scan.ranges(sized).size();
    return sized;
  }

  /** Rows, as they would look in the table. */
  public StoredRows stored(Dataset<Row> rows, Table table) {
    return new StoredRows(database, applicationName, rows, table);
  }

  /** Whether values of these columns of the table are the same where their texts do not say it. */
  public SameValues same(Table table, List<String> compared) {
    return SameValues.of(database, applicationName, table, compared);
  }

  /**
   * These columns of the rows that have one of some keys, read when Spark asks for them; at most
   * {@code readers} connections at a time.
   *
   * @param keys those of {@link KeyedScan#keys}
   * @param count how many keys there are
   */
  Dataset<Row> readKeyed(
      Table table,
      String key,
      Collection<String> columns,
      String where,
      Dataset<Row> keys,
      long count) {
    return keyed.rows(
        new KeyedScan.Selected(table, key, columns, where),
        keys,
        count,
        ReadSessions.importing(snapshot, table));
  }

  /**
   * The columns of two keys of the table, read when Spark asks for them; at most {@code readers}
   * connections at a time. None where the table is still to be made.
   */
  public JavaRDD<ReadPairs> readPairs(Table table, PairColumnNames columns, String where) {
    if (table.isPending()) {
      return JavaSparkContext.fromSparkContext(spark.sparkContext()).emptyRDD();
    }
    if (overlay.covers(table)) {
      return PairsOfRows.of(
          overlay.read(this, table, columns.all(), where), columns, TypePair.of(table, columns));
    }
    return scan.pairs(counted(table), columns, where, ReadSessions.importing(snapshot, table));
  }

  /**
   * How many rows of a table a condition leaves out; empty where the table is not as it would be
   * read.
   */
  OptionalLong leftOut(Table table, String where) {
    if (table.isPending() || overlay.covers(table)) {
      return OptionalLong.empty();
    }
    statements++;
    try {
      return OptionalLong.of(LeftOutRows.of(database, applicationName, snapshot, table, where));
    } catch (SQLException e) {
      throw SparkFailure.<RuntimeException>unchecked(e);
    }
  }

  /** Notes what the snapshot shows of some tables; nothing is told of what is laid over one. */
  NotedTables note(List<NotedTables.Rows> read) {
    try {
      List<NotedTables.Rows> bare =
          read.stream().filter(rows -> !overlay.covers(rows.table())).toList();
      statements += NotedTables.listing(bare).size();
      return NotedTables.of(snapshot, bare);
    } catch (SQLException e) {
      throw SparkFailure.<RuntimeException>unchecked(e);
    }
  }

  /**
   * The names of those that the snapshot shows as an earlier one did.
   *
   * @param counts which are asked for, and how many rows were read
   */
  Set<String> alike(NotedTables earlier, Map<String, Long> counts) {
    try {
      statements += earlier.comparing(counts.keySet()).size();
      return earlier.sameIn(snapshot, counts);
    } catch (SQLException e) {
      throw SparkFailure.<RuntimeException>unchecked(e);
    }
  }

  /**
   * How many rows of a table have one of some keys, looked at and not brought; negative where one
   * may be new since an earlier snapshot.
   *
   * @param keys those of {@link KeyedScan#keys}
   * @param count how many keys there are
   */
  long looked(Table table, String key, Dataset<Row> keys, long count, NotedTables earlier) {
    return keyed.looked(
        table, key, keys, count, ReadSessions.importing(snapshot, table), earlier.horizon());
  }

  /** How many statements read rows so far. */
  long statements() {
    return statements + keyed.statements();
  }

  /** The snapshot that it reads. */
  Snapshot snapshot() {
    return snapshot;
  }
}
