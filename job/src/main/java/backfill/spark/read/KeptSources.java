package backfill.spark.read;

import backfill.plan.Plan;
import backfill.plan.Source;
import backfill.plan.Step;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.catalog.Table;
import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.server.Parameters;
import backfill.postgres.snapshot.NotedTables;
import backfill.spark.engine.EngineSettings;
import backfill.spark.engine.KeptInSpark;
import backfill.spark.query.Cells;
import backfill.spark.query.NamedRows;
import backfill.spark.query.PairColumnNames;
import backfill.spark.query.PlanQueries;
import backfill.spark.query.RunUuid;
import backfill.spark.query.VaryingColumns;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StringType;

/**
 * The sources of the steps that share a snapshot: each read once and kept by Spark. One that
 * queries use is at hand under its name, as are the plan's views; one that is only ever a pair of
 * columns is kept as arrays. The session is its own, so that two reads of one plan never see each
 * other's rows.
 */
public final class KeptSources implements AutoCloseable {
  private final SparkSession session;
  private final Plan plan;
  private final Instant now;
  private final QuerySize size;
  private final KeptInSpark kept = new KeptInSpark();
  private final Map<String, Long> counts = new LinkedHashMap<>();
  private final Map<String, Long> nullKeys = new LinkedHashMap<>();
  private final Map<String, Table> tables = new LinkedHashMap<>();
  private final Map<String, Asked> askedKeys = new LinkedHashMap<>();
  private final PairCache pairs = new PairCache();
  private final Set<String> views = new HashSet<>();
  private Consumer<String> listener = what -> {};

  /**
   * @param run whose uuids {@code run_uuid} gives
   * @param blocks of all tables that queries read
   */
  KeptSources(SparkSession spark, Plan plan, Instant now, UUID run, long blocks) {
    this.size = new QuerySize(blocks);
    this.session = size.fitted(EngineSettings.newSession(spark));
    RunUuid.register(session, run);
    this.plan = plan;
    this.now = now;
  }

  /**
   * Begins to read one source, which then is known to queries.
   *
   * @param where a PostgreSQL condition, or null
   * @param read is told how many rows it has
   */
  void readRows(
      SnapshotReader reader,
      Source source,
      Table table,
      Set<String> needed,
      String where,
      LongConsumer read) {
    Dataset<Row> rows = kept.keep(reader.read(table, table.columnsToRead(needed), where));
    reader
        .reads()
        .begin(
            KeptInSpark.counts(rows),
            parts -> {
              long count = sum(parts);
              makeKnown(source.name(), rows, count);
              noteRead(source, table, count);
              read.accept(count);
            });
  }

  /** Of no rows the optimizer knows that, and leaves out what they are joined with. */
  private void makeKnown(String name, Dataset<Row> rows, long count) {
    NamedRows.name(
        count == 0 ? session.createDataFrame(List.<Row>of(), rows.schema()) : together(rows), name);
  }

  /** Spark plans by it that the rows are in one place, where they are. */
  private Dataset<Row> together(Dataset<Row> rows) {
    return size.isOneTask() ? rows.coalesce(1) : rows;
  }

  private void noteRead(Source source, Table table, long count) {
    tables.put(source.name(), table);
    counts.put(source.name(), count);
  }

  private static long sum(List<Long> parts) {
    return parts.stream().mapToLong(Long::longValue).sum();
  }

  /**
   * Fetches the rows of one source that other sources and views name, and makes it known to
   * queries.
   *
   * @param where a PostgreSQL condition, or null
   * @return how many rows it has
   */
  long readKeyed(
      SnapshotReader reader, Source source, Table table, Set<String> needed, String where) {
    Source.KeyedBy keyed = source.keyedBy().orElseThrow();
    Dataset<Row> keys =
        kept.keep(KeyedScan.keys(session, KeyedScan.type(table, keyed.column()), keyed.keys()));
    Asked asked = new Asked(keyed.column(), keys, KeptInSpark.count(keys));
    askedKeys.put(source.name(), asked);
    Dataset<Row> rows =
        kept.keep(
            reader.readKeyed(
                table, keyed.column(), table.columnsToRead(needed), where, keys, asked.count()));
    long count = KeptInSpark.count(rows);
    NamedRows.name(together(rows), source.name());
    noteRead(source, table, count);
    return count;
  }

  /** The keys that a source's rows were fetched by. */
  private record Asked(String column, Dataset<Row> keys, long count) {}

  /**
   * Whether a later snapshot shows the same rows of the keys that a source was read by.
   *
   * @param earlier what the snapshot noted that they were read in
   */
  boolean areFoundBy(SnapshotReader later, String source, NotedTables earlier) {
    Asked asked = askedKeys.get(source);
    return asked != null
        && later.looked(tables.get(source), asked.column(), asked.keys(), asked.count(), earlier)
            == counts.get(source);
  }

  /**
   * Where a source's rows are.
   *
   * @param where a PostgreSQL condition, or null
   */
  record From(Source source, Table table, String where) {}

  /**
   * Begins to read one source as the only pair of columns that anybody asks of it. If there is a
   * NULL where queries ask, too (a NOT NULL constraint may be NOT VALID), it is read once more, as
   * rows: pairs leave such a row out.
   *
   * @param queried whether queries ask for these columns, too, which are then integers
   */
  void readPairs(
      SnapshotReader reader,
      From from,
      PairColumnNames columns,
      boolean queried,
      LongConsumer read) {
    Source source = from.source();
    Table table = from.table();
    pairs.read(
        reader,
        source.name(),
        table,
        columns,
        from.where(),
        counted -> {
          nullKeys.put(source.name(), counted.rows() - counted.pairs());
          if (queried && counted.pairs() < counted.rows()) {
            pairs.forget(source.name());
            readRows(reader, source, table, columns.all(), from.where(), read);
            return;
          }
          if (queried) {
            PairsAsRelation relation =
                new PairsAsRelation(
                    session, table, columns, pairs.of(source.name()), counted.rows());
            makeKnown(source.name(), relation.rows(), counted.rows());
          }
          noteRead(source, table, counted.rows());
          read.accept(counted.rows());
        });
  }

  /** From now on this is told what is computed or read. */
  void tell(Consumer<String> told) {
    listener = told;
  }

  /** Says that this begins to be computed or read. */
  public void begins(String what) {
    listener.accept(what);
  }

  /** Those of these relations that are views of the plan, each called one. */
  public List<String> views(Set<String> relations) {
    return relations.stream().filter(plan.views()::containsKey).map("view "::concat).toList();
  }

  /** What was read as pairs, and what is made of them. */
  public PairCache inPairs() {
    return pairs;
  }

  /** The source's condition as the server is asked it; null where it has none. */
  static String where(Source source, Plan plan, PreflightResult ready) {
    return source
        .where()
        .map(condition -> Parameters.inline(condition, plan.params(), ready.now()))
        .orElse(null);
  }

  /**
   * Makes a view known, once, which needs only what is known already. One that gives keys is kept:
   * it is asked for them and by queries, and must say the same to both.
   */
  void define(String view) {
    if (views.add(view)) {
      Dataset<Row> rows = query(plan.views().get(view));
      NamedRows.name(givesKeys(view) ? kept.keep(rows) : rows, view);
    }
  }

  private boolean givesKeys(String view) {
    return plan.sources().values().stream()
        .flatMap(source -> source.keyedBy().stream())
        .flatMap(keyed -> keyed.keys().stream())
        .anyMatch(keys -> keys.from().equals(view));
  }

  /**
   * The columns of two keys of a source or a view. Those that need a dictionary are looked at
   * twice.
   *
   * @param types which a source that was read as pairs has already
   */
  public JavaRDD<ReadPairs> pairs(String from, PairColumnNames columns, TypePair types) {
    JavaRDD<ReadPairs> read = pairs.of(from);
    if (read != null) {
      return read;
    }
    JavaRDD<ReadPairs> rows = PairsOfRows.of(session.table(from), columns, types);
    return types.coded() || types.level() != null ? kept.keep(rows) : rows;
  }

  /** The type of a source's column; empty for a view, which has Spark's types. */
  public Optional<KeyType> keyType(String from, String column) {
    return Optional.ofNullable(tables.get(from))
        .flatMap(table -> table.column(column))
        .flatMap(KeyType::of);
  }

  /** Whether Spark holds a source's or a view's column as texts. */
  public boolean hasTexts(String from, String column) {
    return session.table(from).select(Cells.cell(column)).schema().fields()[0].dataType()
        instanceof StringType;
  }

  /** A query over sources and views. */
  public Dataset<Row> query(String query) {
    return PlanQueries.query(session, query, plan.params(), now);
  }

  /**
   * Which columns of a query have other values in each run.
   *
   * @param ofSources source to its columns that have
   */
  public Set<String> varying(Dataset<Row> rows, Map<String, Set<String>> ofSources) {
    return VaryingColumns.of(rows, ofSources, now);
  }

  /** The same of what a step of pairs names: a source, or a view of the plan. */
  public Set<String> varying(String from, Map<String, Set<String>> ofSources) {
    return plan.views().containsKey(from)
        ? varying(session.table(from), ofSources)
        : ofSources.getOrDefault(from, Set.of());
  }

  /** Whether a source of the step has no rows. */
  public boolean someAreEmpty(Step.Fill step) {
    return plan.sourcesOf(step).stream().anyMatch(source -> counts.get(source) == 0);
  }

  /**
   * In how many partitions the rows of a query are to be by key.
   *
   * @param others rows that they are put beside
   */
  public int partitions(long others) {
    return size.partitions(session, others);
  }

  /** Rows of a source that were no pairs; null where it was not read as such. */
  Long nullKeys(String source) {
    return nullKeys.get(source);
  }

  /** Blocks of all tables that queries read, as the server keeps them. */
  long queriedBlocks() {
    return size.blocks();
  }

  /** Source name to rows, of those read so far. */
  Map<String, Long> counts() {
    return counts;
  }

  public SparkSession session() {
    return session;
  }

  @Override
  public void close() {
    kept.close();
    pairs.close();
  }
}
