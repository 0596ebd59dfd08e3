package backfill.spark;

import backfill.postgres.CtidRanges;
import backfill.postgres.Database;
import backfill.postgres.PairCopy;
import backfill.postgres.Snapshot;
import backfill.postgres.Table;
import backfill.postgres.TableName;
import java.util.ArrayList;
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
 * exported snapshot. A table is split by {@link CtidRanges}.
 */
public final class SnapshotReader {
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
    // transaction that the snapshot was imported into, and nobody would notice.
    properties.setProperty("fetchsize", Integer.toString(fetchRows));
    properties.setProperty("sessionInitStatement", snapshot.importStatements());
    // A push-down rewrites what we counted on; the columns are chosen here.
    properties.setProperty("pushDownPredicate", "false");
    String[] ranges = CtidRanges.of(table, readers).toArray(String[]::new);
    statements += ranges.length;
    return spark
        .read()
        .jdbc(database.readUrl(), rows(table, columns, where), ranges, properties)
        .select(columns.stream().map(SnapshotReader::column).toArray(Column[]::new));
  }

  /**
   * Two integer columns of the table, read when Spark asks for them; at most {@code readers}
   * connections at a time.
   */
  JavaRDD<LongPairs> readPairs(Table table, String key, String member, String where) {
    List<String> statementsOfRanges =
        CtidRanges.of(table, readers).stream()
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

  /**
   * What Spark takes for a table: it asks for the shape of it with {@code SELECT *}, which needs a
   * right on every column that is there.
   */
  static String rows(Table table, Collection<String> columns, String where) {
    List<String> selected = new ArrayList<>(columns.stream().map(TableName::quote).toList());
    if (table.ctidReadable()) {
      selected.add("ctid");
    }
    return "(SELECT "
        + String.join(", ", selected)
        + " FROM "
        + table.name().quoted()
        // The line's end is for a condition that ends in a comment.
        + (where == null ? "" : " WHERE (" + where + "\n)")
        + ") AS r";
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
