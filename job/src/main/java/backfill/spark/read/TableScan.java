package backfill.spark.read;

import static scala.jdk.javaapi.CollectionConverters.asJava;

import backfill.plan.Settings;
import backfill.plan.sql.Placeholders;
import backfill.postgres.catalog.CtidRanges;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.Database;
import backfill.postgres.server.TableName;
import backfill.postgres.snapshot.PairCopy;
import backfill.spark.engine.Derived;
import backfill.spark.query.PairColumnNames;
import backfill.spark.query.SparkTypes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.Dependency;
import org.apache.spark.Partition;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.jdbc.JDBCOptions;
import org.apache.spark.sql.execution.datasources.jdbc.JDBCPartition;
import org.apache.spark.sql.execution.datasources.jdbc.JDBCRDD;
import org.apache.spark.sql.types.StructType;
import scala.collection.immutable.Map;
import scala.jdk.javaapi.CollectionConverters;

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
    java.util.Map<String, String> options = new LinkedHashMap<>(database.toOptions());
    options.put("driver", "org.postgresql.Driver");
    options.put("connectionProvider", DatabaseConnections.NAME);
    options.put(DatabaseConnections.APPLICATION_NAME, applicationName);
    // With autocommit on, or without a fetch size, the driver would send the query outside the
    // transaction that the snapshot was imported into, and nothing would say so.
    options.put("fetchsize", Integer.toString(settings.fetchRows()));
    options.put(DatabaseConnections.IMPORTING, first);
    // A push-down rewrites what we counted on; the columns are chosen here.
    options.put("pushDownPredicate", "false");
    List<backfill.postgres.catalog.Column> selected = columns(table, columns);
    Dataset<Row> brought =
        spark.baseRelationToDataFrame(
            JdbcRelations.of(
                schema(selected),
                partitions(table),
                new JDBCOptions(
                    database.readUrl(),
                    prepared(relation(table, selected, where)),
                    Map.from(CollectionConverters.asScala(options))),
                spark));
    return selected.stream()
            .allMatch(column -> SparkTypes.brought(column).equals(SparkTypes.of(column)))
        ? brought
        : brought.select(selected.stream().map(SparkTypes::value).toArray(Column[]::new));
  }

  /** Spark would ask for it with a statement of its own, and guess at types. */
  static StructType schema(List<backfill.postgres.catalog.Column> columns) {
    StructType schema = new StructType();
    for (backfill.postgres.catalog.Column column : columns) {
      schema = schema.add(column.name(), SparkTypes.brought(column));
    }
    return schema;
  }

  private Partition[] partitions(Table table) {
    List<String> ranges = ranges(table);
    return IntStream.range(0, ranges.size())
        .mapToObj(i -> new JDBCPartition(ranges.get(i), i))
        .toArray(Partition[]::new);
  }

  /**
   * The columns of two keys of the table, read when Spark asks for them; at most {@code readers}
   * connections at a time.
   */
  JavaRDD<ReadPairs> pairs(Table table, PairColumnNames columns, String where, String first) {
    List<String> statements = pairStatements(table, columns, where);
    Database from = database;
    String name = applicationName;
    TypePair types = TypePair.of(table, columns);
    return Derived.several(
        JavaSparkContext.fromSparkContext(spark.sparkContext())
            .parallelize(statements, statements.size()),
        sql -> new PairsOfTable(from, first, name, types, sql));
  }

  /** The statements that {@link #pairs} sends, one for each range. */
  List<String> pairStatements(Table table, PairColumnNames columns, String where) {
    List<backfill.postgres.catalog.Column> key = columns(table, columns.key());
    List<backfill.postgres.catalog.Column> member = columns(table, columns.member());
    backfill.postgres.catalog.Column level =
        columns.level() == null ? null : table.column(columns.level()).orElseThrow();
    return ranges(table).stream()
        .map(range -> where == null ? range : range + " AND (" + where + "\n)")
        .map(condition -> PairCopy.sql(table.name(), key, member, level, condition))
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

  /** What is selected of some columns, each under its name. */
  static List<String> selected(List<backfill.postgres.catalog.Column> columns) {
    return columns.stream()
        .map(column -> SparkTypes.selected(column) + " AS " + TableName.quote(column.name()))
        .toList();
  }

  /** The columns of these names, in their order. */
  static List<backfill.postgres.catalog.Column> columns(Table table, Collection<String> names) {
    return names.stream().map(name -> table.column(name).orElseThrow()).toList();
  }

  /** What Spark takes for a table. */
  private static String relation(
      Table table, List<backfill.postgres.catalog.Column> columns, String where) {
    List<String> selected = new ArrayList<>(selected(columns));
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

  /** The statements that {@link #rows} sends, one for each range, in Spark's own words. */
  List<String> statements(Table table, Collection<String> columns, String where) {
    JDBCRDD scan =
        scan(rows(table, columns, where, "").queryExecution().toRdd())
            .orElseThrow(() -> new IllegalStateException("Spark reads no table for " + table));
    String relation = relation(table, columns(table, columns), where);
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
