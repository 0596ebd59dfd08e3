package backfill.spark.rows;

import static backfill.spark.query.Cells.among;
import static backfill.spark.query.Cells.anyOf;
import static backfill.spark.query.Cells.cell;
import static backfill.spark.query.Cells.cells;
import static backfill.spark.query.Cells.differs;
import static backfill.spark.query.Cells.isTrue;
import static backfill.spark.query.Cells.not;
import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

import backfill.plan.Step;
import backfill.postgres.catalog.ParentKey;
import backfill.postgres.ledger.Operation;
import backfill.postgres.write.WritePart;
import backfill.spark.engine.KeptInSpark;
import backfill.spark.query.Cells;
import backfill.spark.read.MatchKey;
import backfill.spark.read.SameValues;
import backfill.spark.step.DiffCounts;
import backfill.spark.step.FanOut;
import backfill.spark.step.Gains;
import backfill.spark.step.RowsToSet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * The rows that a step's query gives beside those that the target has, by key; and what follows for
 * each: it is added, set, left as it is, held by a row that is not the step's, or nothing justifies
 * it.
 */
final class RowsMatch {
  /** Prefixes a column of the target as it was read; no column of a query begins like this. */
  static final String EXPECTED = "expected ";

  /** What happens to a row of {@link #changing}. */
  static final String EVENT = "row event";

  private static final String PLANNED = "row planned";

  /** True of the step's rows, false of others. */
  private static final String PRESENT = "row present";

  private static final String NAMED = "row named";
  private static final String ROWS = "row count";
  private static final String GAINED = "row gains";

  private final Step.Rows step;
  private final List<String> compared;
  private final Dataset<Row> rows;

  /**
   * @param planned from {@link FittingRows#rows}
   * @param current the target's rows, from {@link #current} and {@link #foreign}
   */
  RowsMatch(
      Step.Rows step,
      MatchKey key,
      Dataset<Row> planned,
      Dataset<Row> current,
      SameValues same,
      KeptInSpark kept) {
    this.step = step;
    this.compared = same.compared();
    Dataset<Row> wanted = planned.withColumn(PLANNED, lit(true));
    Column sameKey =
        key.same(
            column -> cell(wanted, key.shared(column)), column -> cell(current, EXPECTED + column));
    String join = step.surplus() == Step.Surplus.IGNORE ? "left_outer" : "full_outer";
    this.rows = kept.keep(same.settled(wanted.join(current, sameKey, join), EXPECTED));
  }

  /** The step's rows of the target under prefixed names. */
  static Dataset<Row> current(Dataset<Row> rows) {
    return present(rows, true);
  }

  /** The keys of rows of the target that are not the step's, under the same names. */
  static Dataset<Row> foreign(Dataset<Row> rows) {
    return present(rows, false);
  }

  private static Dataset<Row> present(Dataset<Row> rows, boolean own) {
    return rows.select(
        Stream.concat(
                Stream.of(rows.columns()).map(column -> cell(column).as(EXPECTED + column)),
                Stream.of(lit(own).as(PRESENT)))
            .toArray(Column[]::new));
  }

  /** How many rows are in each state; the step's other counts are null or 0. */
  DiffCounts counts(long targetRows) {
    List<Column> counts = new ArrayList<>();
    counts.add(count(when(absent(), 1)));
    counts.add(count(when(different(), 1)));
    counts.add(count(when(right(), 1)));
    counts.add(count(when(surplus(), 1)));
    counts.add(count(when(isTrue(PLANNED).and(isForeign()), 1)));
    counts.addAll(changed());
    Row sums = rows.agg(count(when(isTrue(PLANNED), 1)), counts.toArray(Column[]::new)).first();
    return DiffCounts.ofRows(
        step,
        new DiffCounts.StateCounts(
            sums.getLong(0),
            sums.getLong(5),
            sums.getLong(1),
            sums.getLong(2),
            sums.getLong(3),
            sums.getLong(4),
            targetRows),
        changes(sums, 6));
  }

  /** In how many rows each column differs, without the rows of these keys. */
  Map<String, Long> changes(List<List<String>> without) {
    Row sums =
        rows.where(not(among(rows, step.key(), without)))
            .agg(count(lit(1)), changed().toArray(Column[]::new))
            .first();
    return changes(sums, 1);
  }

  private List<Column> changed() {
    return compared.stream()
        .map(column -> count(when(both().and(differs(column, EXPECTED + column)), 1)))
        .toList();
  }

  private Map<String, Long> changes(Row sums, int from) {
    Map<String, Long> changes = new LinkedHashMap<>();
    for (int i = 0; i < compared.size(); i++) {
      changes.put(compared.get(i), sums.getLong(from + i));
    }
    return changes;
  }

  private Column both() {
    return isTrue(PLANNED).and(isTrue(PRESENT));
  }

  private Column absent() {
    return isTrue(PLANNED).and(cell(PRESENT).isNull());
  }

  /** Of a row of {@link #foreign}. */
  static Column isForeign() {
    return cell(PRESENT).eqNullSafe(lit(false));
  }

  private Column different() {
    return both().and(anyOf(compared, column -> differs(column, EXPECTED + column)));
  }

  private Column right() {
    return both().and(not(anyOf(compared, column -> differs(column, EXPECTED + column))));
  }

  private Column surplus() {
    return isTrue(PRESENT).and(not(isTrue(PLANNED)));
  }

  private Column chosen(Operation operation) {
    return switch (operation) {
      case INSERT_MISSING, INSERT_AND_NAME -> absent();
      case COMPARE_AND_SET -> different();
      case COMPARE_AND_DELETE -> surplus();
    };
  }

  /** Every row that one of these writes is given, with the event that it is to it. */
  Dataset<Row> changing(List<WritePart> parts) {
    Column event = lit(null).cast("string");
    for (WritePart part : parts) {
      event = when(chosen(part.operation()), lit(part.operation().event().name())).otherwise(event);
    }
    return rows.withColumn(EVENT, event).where(cell(EVENT).isNotNull());
  }

  /** The rows of one write, their columns named as the target's. */
  Dataset<Row> rows(WritePart part) {
    return rows.where(chosen(part.operation()))
        .select(Cells.renamed(part.columns().stream(), from(part), ""));
  }

  /** They, as a writer takes them: a row that is set is followed by the values that were read. */
  Dataset<Row> toWrite(WritePart part) {
    if (part.operation() != Operation.COMPARE_AND_SET) {
      return rows(part);
    }
    List<String> names = new ArrayList<>(part.columns());
    part.columns().stream()
        .filter(compared::contains)
        .forEach(column -> names.add(EXPECTED + column));
    return rows.where(chosen(part.operation())).select(cells(names));
  }

  /** How the rows of one write that adds or deletes come, where they refer to each other. */
  ParentsFirst parentsFirst(WritePart part, List<ParentKey> own) {
    String from = from(part);
    return new ParentsFirst(step.key(), own, name -> cell(from + name));
  }

  /** The rows of such a write, in this order. */
  Dataset<Row> inOrder(WritePart part, ParentsFirst order) {
    boolean goes = part.operation() == Operation.COMPARE_AND_DELETE;
    return order
        .order(rows.where(chosen(part.operation())), goes)
        .select(Cells.renamed(part.columns().stream(), from(part), ""));
  }

  private static String from(WritePart part) {
    return part.operation() == Operation.COMPARE_AND_DELETE ? EXPECTED : "";
  }

  /** Every planned row, and whether this step would write it. */
  Dataset<Row> planned(String written) {
    Column writes =
        step.mode() == Step.Mode.UPDATE
            ? different()
            : step.mode() == Step.Mode.UPSERT ? different().or(absent()) : absent();
    return rows.where(isTrue(PLANNED)).withColumn(written, writes);
  }

  /** Whom a column of the rows that would be added names most often. */
  List<Gains.Gainer> gaining(String column) {
    return mostOf(absent(), column);
  }

  /** Whom a column of the rows that would be deleted names most often. */
  List<Gains.Gainer> losing(String column) {
    String read = EXPECTED + column;
    return List.of(rows.columns()).contains(read) ? mostOf(surplus(), read) : List.of();
  }

  private List<Gains.Gainer> mostOf(Column which, String column) {
    return rows
        .where(which)
        .groupBy(cell(column).cast("string").as(NAMED))
        .count()
        .orderBy(cell("count").desc(), cell(NAMED))
        .limit(Gains.LISTED)
        .collectAsList()
        .stream()
        .map(row -> new Gains.Gainer(row.getString(0), row.getLong(1)))
        .toList();
  }

  /** Whom the planned rows name most often in a column, of those who gain or change by one. */
  Optional<FanOut> widest(String column, Set<String> except) {
    Column named = cell(NAMED);
    Dataset<Row> counted =
        rows.where(isTrue(PLANNED))
            .groupBy(cell(column).cast("string").as(NAMED))
            .agg(count(lit(1)).as(ROWS), count(when(absent().or(different()), 1)).as(GAINED))
            .where(cell(GAINED).gt(0).and(named.isNotNull()));
    if (!except.isEmpty()) {
      counted = counted.where(not(named.isin(except.toArray())));
    }
    return counted.orderBy(cell(ROWS).desc(), named).limit(1).collectAsList().stream()
        .map(row -> new FanOut(row.getString(0), row.getLong(1)))
        .findFirst();
  }

  /** The first rows that would be set, column by column, of those in which any changes. */
  List<RowsToSet> toSet() {
    List<RowsToSet> all = new ArrayList<>();
    Column key =
        array(step.key().stream().map(name -> cell(name).cast("string")).toArray(Column[]::new));
    for (String column : compared) {
      List<Row> first =
          rows.where(both().and(differs(column, EXPECTED + column)))
              .orderBy(cells(step.key()))
              .limit(Gains.LISTED)
              .select(key, cell(EXPECTED + column).cast("string"), cell(column).cast("string"))
              .collectAsList();
      if (!first.isEmpty()) {
        all.add(
            new RowsToSet(
                column,
                first.stream()
                    .map(
                        row ->
                            new RowsToSet.Change(
                                row.getList(0), row.getString(1), row.getString(2)))
                    .toList()));
      }
    }
    return all;
  }

  /** The keys of rows that nothing justified. */
  Dataset<Row> surplusKeys() {
    return rows.where(surplus()).select(Cells.renamed(step.key().stream(), EXPECTED, ""));
  }
}
