package backfill.spark.rows;

import static backfill.spark.query.Cells.allOf;
import static backfill.spark.query.Cells.among;
import static backfill.spark.query.Cells.anyOf;
import static backfill.spark.query.Cells.cell;
import static backfill.spark.query.Cells.cells;
import static backfill.spark.query.Cells.differs;
import static backfill.spark.query.Cells.isTrue;
import static backfill.spark.query.Cells.not;
import static backfill.spark.rows.RowsMatch.EXPECTED;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.collect_list;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.slice;
import static org.apache.spark.sql.functions.sort_array;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.when;

import backfill.plan.Step;
import backfill.postgres.ledger.StepCounts;
import backfill.postgres.ledger.WriteCounts;
import backfill.spark.read.MatchKey;
import backfill.spark.step.PlannedKeys;
import backfill.spark.step.Verified;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * What a step of rows planned and wrote, in one pass beside what its query gives now and what the
 * target has now. A row that should be gone and is there is as much missing as one that should be
 * there and is not.
 */
final class RowsVerify {
  private static final String PLANNED = "planned ";
  private static final String WANTED = "row wanted";
  private static final String WAS_PLANNED = "row was planned";
  private static final String WAS_LEFT = "row was left";
  private static final String WAS_REJECTED = "row was rejected";
  private static final String WAS_WRITTEN = "row was written";
  private static final String WAS_SURPLUS = "row was surplus";
  private static final String PRESENT = "row present";

  private final Step.Rows step;
  private final RowsRead now;
  private final MatchKey key;
  private final Comparison comparison;
  private final List<String> compared;
  private final RowsMatch match;
  private final StepCounts written;

  /**
   * @param now what there is by now
   * @param match what was planned
   */
  RowsVerify(Step.Rows step, RowsRead now, RowsMatch match, StepCounts written) {
    this.step = step;
    this.now = now;
    this.key = now.key();
    this.comparison = match.comparison();
    this.compared = comparison.values();
    this.match = match;
    this.written = written;
  }

  /** Beside what the query gives now, and what the target has. */
  Verified between() {
    Dataset<Row> query = now.planned().rows();
    List<String> columns = new ArrayList<>(step.key());
    columns.addAll(key.added());
    RowsByKey wanted =
        RowsByKey.moved(
            comparison.narrow(query, columns, "").withColumn(WANTED, lit(true)),
            comparison.by(column -> cell(key.shared(column))),
            match.partitions());
    RowsByKey planned =
        RowsByKey.inPlace(
            planned(),
            comparison.by(column -> cell(PLANNED + key.shared(column))),
            match.partitions());
    return beside(wanted.beside(planned, RowsByKey.Others.ALL));
  }

  /** Beside what the target has only: the query gives what was planned. */
  Verified ofTarget() {
    Dataset<Row> planned = planned();
    List<Column> cells = new ArrayList<>();
    Stream.of(step.key(), key.added(), compared)
        .flatMap(List::stream)
        .forEach(column -> cells.add(when(cell(WAS_PLANNED), cell(PLANNED + column)).as(column)));
    cells.add(cell(WAS_PLANNED).as(WANTED));
    Stream.of(planned.columns()).forEach(column -> cells.add(cell(column)));
    return beside(planned.select(cells.toArray(Column[]::new)));
  }

  private Verified beside(Dataset<Row> planned) {
    Dataset<Row> current = now.present();
    List<String> columns =
        Stream.concat(step.key().stream().map(EXPECTED::concat), Stream.of(PRESENT)).toList();
    RowsByKey all =
        RowsByKey.inPlace(
            planned,
            comparison.by(
                column -> coalesce(cell(key.shared(column)), cell(PLANNED + key.shared(column)))),
            match.partitions());
    RowsByKey found =
        RowsByKey.moved(
            comparison.narrow(current, columns, EXPECTED),
            comparison.by(column -> cell(EXPECTED + column), lit(false)),
            match.partitions());
    return judged(now.same().settled(all.beside(found, RowsByKey.Others.WITH_ONE), EXPECTED));
  }

  private Verified judged(Dataset<Row> both) {
    Column asPlanned =
        isTrue(WAS_PLANNED).and(allOf(compared, column -> same("", PLANNED, column)));
    Column unlike = isTrue(PRESENT).and(different());
    Column wrong = step.mode() == Step.Mode.UPDATE ? unlike : unlike.or(cell(PRESENT).isNull());
    // A rejected row that should still be what it was to be has its place in the report already.
    Column held = isTrue(WANTED).and(wrong).and(not(asPlanned.and(isTrue(WAS_REJECTED))));
    Column stillThere =
        isTrue(WAS_SURPLUS)
            .and(isTrue(PRESENT))
            .and(not(isTrue(WANTED)))
            .and(not(isTrue(WAS_LEFT).or(isTrue(WAS_REJECTED))));
    Column ours = asPlanned.and(not(isTrue(WAS_LEFT)));
    Column missing = held.and(ours).or(stillThere);
    Column revoked =
        isTrue(PRESENT)
            .and(isTrue(WAS_WRITTEN))
            .and(allOf(compared, column -> same(EXPECTED, PLANNED, column)))
            .and(not(isTrue(WANTED).and(asPlanned)));
    Column example =
        when(
            missing,
            struct(
                    step.key().stream()
                        .map(key -> coalesce(cell(key), cell(PLANNED + key)).as(key))
                        .toArray(Column[]::new))
                .cast("string"));
    Row sums =
        both.agg(
                count(when(missing, 1)),
                count(when(held.and(not(ours)), 1)),
                count(when(revoked, 1)),
                count(when(isTrue(WANTED).and(StatedRows.isForeign()), 1)),
                slice(sort_array(collect_list(example)), 1, Verified.EXAMPLES))
            .first();
    return new Verified(
        sums.getLong(0),
        sums.getLong(1),
        sums.getLong(2),
        sums.getLong(3),
        sums.getList(4),
        sums.getLong(2) == 0 ? List.of() : keys(both.where(revoked.and(not(isTrue(WANTED))))));
  }

  /** Those that nothing gives any more; of another value than was planned the key is justified. */
  private List<List<String>> keys(Dataset<Row> rows) {
    Dataset<Row> keys =
        rows.select(
            step.key().stream().map(key -> cell(PLANNED + key).as(key)).toArray(Column[]::new));
    return PlannedKeys.texts(keys.limit(Verified.REVOKED_KEYS)).orElse(List.of());
  }

  private Column different() {
    return anyOf(compared, column -> differs(column, EXPECTED + column));
  }

  private static Column same(String one, String other, String column) {
    return not(differs(one + column, other + column));
  }

  /** The rows of the diff under prefixed names, with what became of them. */
  private Dataset<Row> planned() {
    WriteCounts added = written.inserts().plus(written.updates());
    Dataset<Row> told = match.told(WAS_SURPLUS, WAS_WRITTEN);
    Column surplus = cell(WAS_SURPLUS);
    return told.withColumn(
            WAS_LEFT,
            when(surplus, among(told, step.key(), written.deletes().leftKeys()))
                .otherwise(among(told, step.key(), added.leftKeys())))
        .withColumn(
            WAS_REJECTED,
            when(surplus, among(told, step.key(), written.deletes().rejectedKeys()))
                .otherwise(among(told, step.key(), added.rejectedKeys())))
        .select(
            Stream.of(
                    Stream.of(step.key(), key.added(), compared)
                        .flatMap(List::stream)
                        .map(column -> cell(column).as(PLANNED + column)),
                    Stream.of(
                        not(surplus).as(WAS_PLANNED),
                        surplus,
                        cell(WAS_LEFT),
                        cell(WAS_REJECTED),
                        cell(WAS_WRITTEN)
                            .and(not(cell(WAS_LEFT).or(cell(WAS_REJECTED))))
                            .as(WAS_WRITTEN)))
                .flatMap(each -> each)
                .toArray(Column[]::new));
  }
}
