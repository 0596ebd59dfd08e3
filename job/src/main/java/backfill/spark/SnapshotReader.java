package backfill.spark;

import backfill.postgres.Database;
import backfill.postgres.PairCopy;
import backfill.postgres.Snapshot;
import backfill.postgres.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Reads tables with Spark's own JDBC source, so that every partition of every table sees one
 * exported snapshot. A table is split by ranges of {@code ctid}, the physical place of a row:
 * balanced whatever the keys are, and read once from end to end.
 */
public final class SnapshotReader {
  /** A range below this is not worth a connection: 2 MiB. */
  private static final long LEAST_BLOCKS = 256;

  private final SparkSession spark;
  private final Database database;
  private final Snapshot snapshot;
  private final int readers;
  private final int fetchRows;
  private final String applicationName;
  private long statements;

  public SnapshotReader(
      SparkSession spark,
      Database database,
      Snapshot snapshot,
      backfill.plan.Settings.Read settings,
      String applicationName) {
    this.spark = spark;
    this.database = database;
    this.snapshot = snapshot;
    this.readers = settings.readers();
    this.fetchRows = settings.fetchRows();
    this.applicationName = applicationName;
  }

  /**
   * These columns of the table, read when Spark asks for them; at most {@code readers} connections
   * at a time.
   */
  Dataset<Row> read(Table table, Collection<String> columns, String where) {
    Properties properties = new Properties();
    properties.putAll(database.toOptions());
    properties.setProperty("driver", "org.postgresql.Driver");
    properties.setProperty("connectionProvider", DatabaseConnections.NAME);
    properties.setProperty(DatabaseConnections.APPLICATION_NAME, applicationName);
    // With autocommit on, or without a fetch size, the driver would send the query outside the
    // transaction that the
    // snapshot was imported into, and nobody would notice.
    properties.setProperty("fetchsize", Integer.toString(fetchRows));
    properties.setProperty("sessionInitStatement", snapshot.importStatements());
    // A push-down rewrites what we counted on; the columns are chosen here.
    properties.setProperty("pushDownPredicate", "false");
    String[] ranges = ranges(table.blocks(), readers);
    statements += ranges.length;
    String[] conditions = ranges.clone();
    if (where != null) {
      for (int i = 0; i < conditions.length; i++) {
        conditions[i] = conditions[i] + " AND (" + where + "\n)";
      }
    }
    return spark
        .read()
        .jdbc(database.readUrl(), table.name().quoted(), conditions, properties)
        .select(columns.stream().map(SnapshotReader::column).toArray(Column[]::new));
  }

  /**
   * Two integer columns of the table, read when Spark asks for them; at most {@code readers}
   * connections at a time.
   */
  JavaRDD<LongPairs> readPairs(Table table, String key, String member, String where) {
    List<String> statementsOfRanges =
        Arrays.stream(ranges(table.blocks(), readers))
            .map(range -> where == null ? range : range + " AND (" + where + "\n)")
            .map(condition -> PairCopy.sql(table.name(), key, member, condition))
            .toList();
    statements += statementsOfRanges.size();
    Database from = database;
    String importStatements = snapshot.importStatements();
    String name = applicationName;
    return JavaSparkContext.fromSparkContext(spark.sparkContext())
        .parallelize(statementsOfRanges, statementsOfRanges.size())
        .flatMap(sql -> new LongPairsOfTable(from, importStatements, name, sql));
  }

  /** How many statements read rows so far. */
  public long statements() {
    return statements;
  }

  /** The snapshot that it reads. */
  public Snapshot snapshot() {
    return snapshot;
  }

  /**
   * Conditions that together hold for every row exactly once. The last range is open, because the
   * table may have grown since its size was read; for a partitioned table they hold in each of its
   * leaves.
   *
   * @see <a href="https://www.postgresql.org/docs/current/ddl-system-columns.html">System
   *     columns</a>
   */
  static String[] ranges(long blocks, int readers) {
    int count = (int) Math.max(1, Math.min(readers, blocks / LEAST_BLOCKS));
    List<String> ranges = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String from = "ctid >= '(" + blocks * i / count + ",0)'";
      String to = " AND ctid < '(" + blocks * (i + 1) / count + ",0)'";
      ranges.add(i == count - 1 ? from : from + to);
    }
    return ranges.toArray(String[]::new);
  }

  static Column column(String name) {
    return functions.col("`" + name.replace("`", "``") + "`");
  }
}
