package backfill.spark;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_list;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.slice;
import static org.apache.spark.sql.functions.sort_array;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.when;

import backfill.plan.Step;
import backfill.postgres.Parents;
import backfill.postgres.Target;
import backfill.postgres.WriteCounts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * A step of rows that sets columns: the query's rows are matched with the target's by key, and a
 * row is written only where a value differs, along with the values that were read, so that somebody
 * else's change is never overwritten.
 */
final class RowsRun implements StepRun {
  /** Prefixes a column of the target as it was read; no column of a query begins like this. */
  static final String EXPECTED = "expected ";

  private static final String PLANNED = "planned ";
  private static final String WANTED = "row wanted";
  private static final String WAS_PLANNED = "row was planned";
  private static final String WAS_LEFT = "row was left";
  private static final String WAS_REJECTED = "row was rejected";
  private static final String WAS_WRITTEN = "row was written";
  private static final String PRESENT = "row present";
  private static final String DIFFERS = "row differs";

  private final Step.Rows step;
  private final Target target;
  private final Kept kept = new Kept();
  private Dataset<Row> query;
  private Dataset<Row> current;
  private Dataset<Row> matched;
  private List<String> values;

  RowsRun(Step.Rows step, Target target) {
    this.step = step;
    this.target = target;
  }

  @Override
  public Step.Fill step() {
    return step;
  }

  @Override
  public void read(SnapshotReader reader, KeptSources sources) {
    query = kept.keep(sources.query(step.query()));
    values = Arrays.stream(query.columns()).filter(column -> !step.key().contains(column)).toList();
    current = kept.keep(currentRows(reader));
    current.count();
  }

  /** The target's rows as they are, the values under their prefixed names. */
  private Dataset<Row> currentRows(SnapshotReader reader) {
    List<String> columns = Stream.concat(step.key().stream(), values.stream()).toList();
    Dataset<Row> rows = reader.read(target.table(), columns, null);
    for (String column : columns) {
      rows = rows.withColumnRenamed(column, EXPECTED + column);
    }
    return rows.withColumn(PRESENT, lit(true));
  }

  @Override
  public void flatten() {
    Dataset<Row> twice = query.groupBy(named(step.key())).count().where("count > 1");
    List<Row> first = twice.limit(1).collectAsList();
    if (!first.isEmpty()) {
      throw new UnfitRows(
          "step "
              + step.name()
              + ": the query gives "
              + first.get(0).getLong(step.key().size())
              + " rows for the key "
              + first.get(0).toSeq().take(step.key().size()).mkString("(", ", ", ")")
              + "; make it one row for each "
              + String.join(", ", step.key()));
    }
  }

  @Override
  public StepPlan diff() {
    matched = kept.keep(match(query, current));
    List<Column> counts = new ArrayList<>();
    counts.add(count(when(col(quoted(PRESENT)).and(col(quoted(DIFFERS))), 1)));
    counts.add(count(when(col(quoted(PRESENT)).and(col(quoted(DIFFERS)).unary_$bang()), 1)));
    counts.add(count(when(col(quoted(PRESENT)).unary_$bang(), 1)));
    for (String value : values) {
      counts.add(count(when(col(quoted(PRESENT)).and(differs(value)), 1)));
    }
    Row sums = matched.agg(count(lit(1)), counts.toArray(Column[]::new)).first();
    Map<String, Long> changes = new LinkedHashMap<>();
    for (int i = 0; i < values.size(); i++) {
      changes.put(values.get(i), sums.getLong(4 + i));
    }
    return new StepPlan(
        sums.getLong(0),
        null,
        null,
        sums.getLong(1),
        sums.getLong(2),
        sums.getLong(3),
        null,
        changes);
  }

  private Dataset<Row> match(Dataset<Row> wanted, Dataset<Row> present) {
    return wanted
        .join(present, sameKey(wanted, "", present, EXPECTED), "left_outer")
        .withColumn(PRESENT, coalesce(col(quoted(PRESENT)), lit(false)))
        .withColumn(DIFFERS, anyDiffers());
  }

  /** NULL equals NULL here: a row that is right must not be written. */
  private Column differs(String value) {
    return col(quoted(value)).eqNullSafe(col(quoted(EXPECTED + value))).unary_$bang();
  }

  @Override
  public Gains gains() {
    return null;
  }

  @Override
  public Optional<FanOut> widestUser() {
    return Optional.empty();
  }

  @Override
  public Optional<FanOut> widestObject() {
    return Optional.empty();
  }

  @Override
  public Parents parents() {
    return Parents.UNKNOWN;
  }

  @Override
  public WriteCounts write(Sink sink) {
    Column[] columns =
        Stream.of(step.key(), values, values.stream().map(value -> EXPECTED + value).toList())
            .flatMap(List::stream)
            .map(column -> col(quoted(column)))
            .toArray(Column[]::new);
    return sink.write(
        changes()
            .repartitionByRange(step.write().writers(), named(step.key()))
            .sortWithinPartitions(named(step.key()))
            .select(columns));
  }

  private Dataset<Row> changes() {
    return matched.where(col(quoted(PRESENT)).and(col(quoted(DIFFERS))));
  }

  @Override
  public List<String> columns() {
    return Stream.concat(step.key().stream(), values.stream()).toList();
  }

  /**
   * One pass: the rows that the query gives now and those that were planned, side by side with the
   * target's as they are.
   */
  @Override
  public Verified verify(SnapshotReader reader, KeptSources sources, WriteCounts written) {
    Dataset<Row> wanted = sources.query(step.query()).withColumn(WANTED, lit(true));
    Dataset<Row> planned = plannedRows(written);
    Dataset<Row> present = currentRows(reader);
    Dataset<Row> both =
        wanted
            .join(planned, sameKey(wanted, "", planned, PLANNED), "full_outer")
            .join(
                present,
                allOf(
                    step.key(),
                    key ->
                        coalesce(wanted.col(quoted(key)), planned.col(quoted(PLANNED + key)))
                            .equalTo(present.col(quoted(EXPECTED + key)))),
                "left_outer");
    Column asPlanned =
        isTrue(WAS_PLANNED)
            .and(
                allOf(
                    values, value -> col(quoted(value)).eqNullSafe(col(quoted(PLANNED + value)))));
    // A rejected row that should still be what it was to be has its place in the report already.
    Column held =
        isTrue(PRESENT)
            .and(isTrue(WANTED))
            .and(anyDiffers())
            .and(asPlanned.and(isTrue(WAS_REJECTED)).unary_$bang());
    Column stillOurs =
        isTrue(PRESENT)
            .and(isTrue(WAS_WRITTEN))
            .and(
                allOf(
                    values,
                    value ->
                        col(quoted(EXPECTED + value)).eqNullSafe(col(quoted(PLANNED + value)))));
    Column missing = held.and(asPlanned).and(isTrue(WAS_LEFT).unary_$bang());
    Column added = held.and(asPlanned.and(isTrue(WAS_LEFT).unary_$bang()).unary_$bang());
    Column revoked = stillOurs.and(isTrue(WANTED).and(asPlanned).unary_$bang());
    Column example = when(missing, struct(named(step.key())).cast("string"));
    Row sums =
        both.agg(
                count(when(missing, 1)),
                count(when(added, 1)),
                count(when(revoked, 1)),
                slice(sort_array(collect_list(example)), 1, Verified.EXAMPLES))
            .first();
    return new Verified(sums.getLong(0), sums.getLong(1), sums.getLong(2), sums.getList(3));
  }

  /** The rows of the diff under prefixed names, with what became of them. */
  private Dataset<Row> plannedRows(WriteCounts written) {
    Dataset<Row> rows =
        matched
            .withColumn(WAS_PLANNED, lit(true))
            .withColumn(WAS_LEFT, among(written.leftKeys()))
            .withColumn(WAS_REJECTED, among(written.rejectedKeys()))
            .withColumn(
                WAS_WRITTEN,
                col(quoted(PRESENT))
                    .and(col(quoted(DIFFERS)))
                    .and(col(quoted(WAS_LEFT)).or(col(quoted(WAS_REJECTED))).unary_$bang()));
    for (String column : columns()) {
      rows = rows.withColumnRenamed(column, PLANNED + column);
    }
    return rows.select(
        Stream.concat(
                columns().stream().map(column -> PLANNED + column),
                Stream.of(WAS_PLANNED, WAS_LEFT, WAS_REJECTED, WAS_WRITTEN))
            .map(column -> col(quoted(column)))
            .toArray(Column[]::new));
  }

  /** Whether a row has one of these keys. */
  private Column among(List<List<String>> keys) {
    if (keys.isEmpty()) {
      return lit(false);
    }
    Column key =
        array(
            step.key().stream()
                .map(column -> col(quoted(column)).cast("string"))
                .toArray(Column[]::new));
    return key.isin(keys.stream().map(k -> lit(k.toArray(String[]::new))).toArray());
  }

  private Column sameKey(Dataset<Row> left, String leftPrefix, Dataset<Row> right, String prefix) {
    return allOf(
        step.key(),
        key -> left.col(quoted(leftPrefix + key)).equalTo(right.col(quoted(prefix + key))));
  }

  private Column anyDiffers() {
    return values.stream().map(this::differs).reduce(Column::or).orElseThrow();
  }

  private static Column allOf(List<String> columns, Function<String, Column> condition) {
    return columns.stream().map(condition).reduce(Column::and).orElseThrow();
  }

  /** An outer join leaves NULL where there is no row. */
  private static Column isTrue(String column) {
    return coalesce(col(quoted(column)), lit(false));
  }

  private static Column[] named(List<String> names) {
    return names.stream().map(name -> col(quoted(name))).toArray(Column[]::new);
  }

  private static String quoted(String name) {
    return "`" + name.replace("`", "``") + "`";
  }

  @Override
  public void close() {
    kept.close();
  }
}
