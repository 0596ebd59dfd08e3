package backfill.spark.read;

import static org.apache.spark.sql.functions.col;

import backfill.plan.Settings;
import backfill.plan.Source;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.Database;
import backfill.postgres.snapshot.KeyedSelect;
import backfill.postgres.snapshot.NotedKeys;
import backfill.spark.engine.Derived;
import backfill.spark.engine.SparkJobs;
import backfill.spark.query.Cells;
import backfill.spark.query.SparkTypes;
import java.io.Serializable;
import java.util.Collection;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.jdbc.JdbcDialect;
import org.apache.spark.sql.jdbc.JdbcDialects;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.LongAccumulator;

/**
 * Reads the rows of a table that have one of some keys, instead of all of it: the executors ask for
 * so many keys at a time, over at most {@code readers} connections.
 */
final class KeyedScan {
  private static final String KEY = "key";

  /** As PostgreSQL writes one; nothing else can equal a uuid. */
  private static final String UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

  private final SparkSession spark;
  private final Database database;
  private final Settings.Read settings;
  private final String applicationName;
  private final LongAccumulator statements;

  /**
   * What a task needs to know.
   *
   * @param asking what it asks
   * @param schema in which the driver brings the rows
   * @param statements counts those that were sent
   */
  record Fetch(
      Database database,
      String applicationName,
      Asking asking,
      StructType schema,
      JdbcDialect dialect,
      LongAccumulator statements)
      implements Serializable {

    /**
     * What a task asks.
     *
     * @param first what its connection sends first in its transaction
     * @param type of the keys
     */
    record Asking(String first, String sql, KeyType type, int keysPerQuery, int fetchRows)
        implements Serializable {}

    String first() {
      return asking.first();
    }

    String sql() {
      return asking.sql();
    }

    KeyType type() {
      return asking.type();
    }

    int keysPerQuery() {
      return asking.keysPerQuery();
    }

    int fetchRows() {
      return asking.fetchRows();
    }
  }

  KeyedScan(SparkSession spark, Database database, Settings.Read settings, String applicationName) {
    this.spark = spark;
    this.database = database;
    this.settings = settings;
    this.applicationName = applicationName;
    this.statements = spark.sparkContext().longAccumulator();
  }

  /**
   * The values of some columns, each once and without NULL, under the name that {@link #rows} knows
   * them by.
   *
   * @param type that of the column whose rows will be fetched
   */
  static Dataset<Row> keys(SparkSession session, KeyType type, List<Source.KeyOrigin> from) {
    Column notNull = col(KEY).isNotNull();
    return from.stream()
        .map(
            keys ->
                session
                    .table(keys.from())
                    .select(
                        Cells.cell(keys.column())
                            .cast(type == KeyType.INTEGER ? "long" : "string")
                            .as(KEY)))
        .reduce(Dataset::union)
        .orElseThrow()
        .where(type == KeyType.UUID ? notNull.and(col(KEY).rlike("^" + UUID + "$")) : notNull)
        .distinct();
  }

  /**
   * Which rows of a table are asked for, and what of them.
   *
   * @param key the column that has the keys
   * @param where a PostgreSQL condition, or null
   */
  record Selected(Table table, String key, Collection<String> columns, String where) {}

  /**
   * The rows that have one of the keys, read when Spark asks for them.
   *
   * @param keys those of {@link #keys}
   * @param count how many keys there are
   * @param first what each connection sends first in its transaction
   */
  Dataset<Row> rows(Selected from, Dataset<Row> keys, long count, String first) {
    List<backfill.postgres.catalog.Column> selected =
        TableScan.columns(from.table(), from.columns());
    StructType schema = TableScan.schema(selected);
    Fetch fetch =
        new Fetch(
            database,
            applicationName,
            new Fetch.Asking(
                first,
                sql(from.table(), from.key(), from.columns(), from.where()),
                type(from.table(), from.key()),
                settings.keysPerQuery(),
                settings.fetchRows()),
            schema,
            JdbcDialects.get(database.readUrl()),
            statements);
    return spark
        .createDataFrame(
            Derived.<Row, Row>ofPartitions(placed(keys, count), each -> new KeyedRows(fetch, each)),
            schema)
        .select(selected.stream().map(SparkTypes::value).toArray(Column[]::new));
  }

  /**
   * How many rows have one of the keys; negative where one of them may be new.
   *
   * @param keys those of {@link #keys}
   * @param count how many keys there are
   * @param first what each connection sends first in its transaction
   * @param horizon of what the snapshot noted that they were fetched in
   */
  long looked(
      Table table, String key, Dataset<Row> keys, long count, String first, String horizon) {
    KeyedLook look =
        new KeyedLook(
            database,
            applicationName,
            first,
            NotedKeys.sql(table.name(), key, horizon),
            type(table, key),
            settings.keysPerQuery(),
            statements);
    long rows = 0;
    for (long some : SparkJobs.collect(Derived.ofPartitions(placed(keys, count), look))) {
      if (some < 0) {
        return some;
      }
      rows += some;
    }
    return rows;
  }

  private JavaRDD<Row> placed(Dataset<Row> keys, long count) {
    return keys.repartitionByRange(tasks(count), col(KEY)).sortWithinPartitions(KEY).javaRDD();
  }

  /** A connection each; one that would ask for a few keys is not worth opening. */
  private int tasks(long keys) {
    long statements = (keys + settings.keysPerQuery() - 1) / settings.keysPerQuery();
    return (int) Math.max(1, Math.min(settings.readers(), statements));
  }

  static KeyType type(Table table, String key) {
    return table.column(key).flatMap(KeyType::of).orElseThrow();
  }

  /** The statement that fetches the rows of some keys. */
  static String sql(Table table, String key, Collection<String> columns, String where) {
    return KeyedSelect.sql(
        TableScan.selected(TableScan.columns(table, columns)), table.name(), where, key);
  }

  /** How many statements were sent so far. */
  long statements() {
    return statements.value();
  }
}
