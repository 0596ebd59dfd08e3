package backfill.spark;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

import backfill.plan.Step;
import backfill.postgres.Target;
import backfill.postgres.WriteCounts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
  public Step step() {
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
      throw new AmbiguousRows(
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
    Column sameKey =
        step.key().stream()
            .map(key -> wanted.col(quoted(key)).equalTo(present.col(quoted(EXPECTED + key))))
            .reduce(Column::and)
            .orElseThrow();
    Column anyDiffers = values.stream().map(this::differs).reduce(Column::or).orElseThrow();
    return wanted
        .join(present, sameKey, "left_outer")
        .withColumn(PRESENT, coalesce(col(quoted(PRESENT)), lit(false)))
        .withColumn(DIFFERS, anyDiffers);
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

  @Override
  public Verified verify(SnapshotReader reader, KeptSources sources, WriteCounts written) {
    try (Kept now = new Kept()) {
      Dataset<Row> wanted = sources.query(step.query());
      Dataset<Row> differing =
          now.keep(
              match(wanted, currentRows(reader))
                  .where(col(quoted(PRESENT)).and(col(quoted(DIFFERS))))
                  .select(named(columns())));
      Dataset<Row> planned = matched.select(named(columns()));
      Dataset<Row> stillPlanned = differing.join(planned, same(differing, planned), "left_semi");
      long notPlanned = differing.count() - stillPlanned.count();
      Dataset<Row> missing = now.keep(without(stillPlanned, written.leftKeys()));
      Dataset<Row> ours = without(changes().select(named(columns())), written.leftKeys());
      Dataset<Row> unjustified = ours.join(wanted, same(ours, wanted), "left_anti");
      Dataset<Row> present = currentRows(reader);
      Column held =
          columns().stream()
              .map(
                  column ->
                      unjustified
                          .col(quoted(column))
                          .eqNullSafe(present.col(quoted(EXPECTED + column))))
              .reduce(Column::and)
              .orElseThrow();
      return new Verified(
          missing.count(),
          notPlanned,
          unjustified.join(present, held, "left_semi").count(),
          missing.limit(Verified.EXAMPLES).collectAsList().stream().map(Row::toString).toList());
    }
  }

  private Column same(Dataset<Row> left, Dataset<Row> right) {
    return columns().stream()
        .map(column -> left.col(quoted(column)).eqNullSafe(right.col(quoted(column))))
        .reduce(Column::and)
        .orElseThrow();
  }

  /** Without the rows that somebody else changed meanwhile: the next run decides about them. */
  private Dataset<Row> without(Dataset<Row> rows, List<List<String>> keys) {
    if (keys.isEmpty()) {
      return rows;
    }
    Column key =
        org.apache.spark.sql.functions.array(
            step.key().stream()
                .map(column -> col(quoted(column)).cast("string"))
                .toArray(Column[]::new));
    Object[] left = keys.stream().map(k -> lit(k.toArray(String[]::new))).toArray();
    return rows.where(key.isin(left).unary_$bang());
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
