package backfill.spark;

import static scala.jdk.javaapi.CollectionConverters.asJava;

import backfill.plan.Placeholders;
import backfill.plan.Settings;
import backfill.postgres.CtidRanges;
import backfill.postgres.Database;
import backfill.postgres.PairCopy;
import backfill.postgres.Table;
import backfill.postgres.TableName;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.apache.spark.Dependency;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.jdbc.JDBCPartition;
import org.apache.spark.sql.execution.datasources.jdbc.JDBCRDD;
import org.apache.spark.sql.jdbc.JdbcDialects;

/** How Spark's JDBC source is told to read a table, and what it makes of that. */
final class TableScan {
  private final SparkSession spark;
  private final Database database;
  private final Settings.Read settings;
  private final String applicationName;

  TableScan(SparkSession spark, Database database, Settings.Read settings, String applicationName) {
    this.spark = spark;
    this.database = database;
    this.settings = settings;
    this.applicationName = applicationName;
  }

  /**
   * These columns of the table, read when Spark asks for them; at most {@code readers} connections
   * at a time.
   *
   * @param where a PostgreSQL condition, or null
   * @param first what each connection sends first in its transaction
   */
  Dataset<Row> rows(Table table, Collection<String> columns, String where, String first) {
    Properties properties = new Properties();
    properties.putAll(database.toOptions());
    properties.setProperty("driver", "org.postgresql.Driver");
    properties.setProperty("connectionProvider", DatabaseConnections.NAME);
    properties.setProperty(DatabaseConnections.APPLICATION_NAME, applicationName);
    // With autocommit on, or without a fetch size, the driver would send the query outside the
    // transaction that the snapshot was imported into, and nobody would notice.
    properties.setProperty("fetchsize", Integer.toString(settings.fetchRows()));
    properties.setProperty("sessionInitStatement", first);
    // A push-down rewrites what we counted on; the columns are chosen here.
    properties.setProperty("pushDownPredicate", "false");
    return spark
        .read()
        .jdbc(
            database.readUrl(),
            prepared(relation(table, columns, where)),
            ranges(table).toArray(String[]::new),
            properties)
        .select(columns.stream().map(SnapshotReader::column).toArray(Column[]::new));
  }

  /**
   * Two integer columns of the table, read when Spark asks for them; at most {@code readers}
   * connections at a time.
   */
  JavaRDD<LongPairs> pairs(Table table, PairColumns columns, String where, String first) {
    List<String> statements = pairStatements(table, columns, where);
    Database from = database;
    String name = applicationName;
    return JavaSparkContext.fromSparkContext(spark.sparkContext())
        .parallelize(statements, statements.size())
        .flatMap(sql -> new LongPairsOfTable(from, first, name, sql));
  }

  /** The statements that {@link #pairs} sends, one for each range. */
  List<String> pairStatements(Table table, PairColumns columns, String where) {
    return ranges(table).stream()
        .map(range -> where == null ? range : range + " AND (" + where + "\n)")
        .map(condition -> PairCopy.sql(table.name(), columns.key(), columns.member(), condition))
        .toList();
  }

  /** A condition for each statement that reads the table. */
  List<String> ranges(Table table) {
    return CtidRanges.of(table, settings.readers());
  }

  /** Spark prepares every statement, and there a question mark is a parameter's place. */
  private static String prepared(String relation) {
    return Placeholders.escapeQuestionMarks(relation);
  }

  /**
   * What Spark takes for a table: it asks for the shape of it with {@code SELECT *}, which needs a
   * right on every column that is there.
   */
  static String relation(Table table, Collection<String> columns, String where) {
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

  /** How Spark asks, before it reads, which columns there are; it gets no row. */
  String shapeStatement(Table table, Collection<String> columns, String where) {
    return JdbcDialects.get(database.readUrl())
        .getSchemaQuery(relation(table, columns, where))
        .strip();
  }

  /** The statements that {@link #rows} sends, one for each range, in Spark's own words. */
  List<String> statements(Table table, Collection<String> columns, String where) {
    JDBCRDD scan =
        scan(rows(table, columns, where, "").queryExecution().toRdd())
            .orElseThrow(() -> new IllegalStateException("Spark reads no table for " + table));
    String relation = relation(table, columns, where);
    return Arrays.stream(scan.getPartitions())
        .map(range -> scan.generateJdbcQuery(scala.Option.apply((JDBCPartition) range)).strip())
        .map(sql -> sql.replace(prepared(relation), relation))
        .toList();
  }

  private static Optional<JDBCRDD> scan(RDD<?> rows) {
    if (rows instanceof JDBCRDD scan) {
      return Optional.of(scan);
    }
    return asJava(rows.dependencies()).stream()
        .map(Dependency::rdd)
        .flatMap(parent -> scan(parent).stream())
        .findFirst();
  }
}
