package backfill.spark.rows;

import static backfill.spark.query.Cells.anyOf;
import static backfill.spark.query.Cells.cell;
import static backfill.spark.query.Cells.differs;
import static backfill.spark.query.Cells.isTrue;
import static backfill.spark.query.Cells.not;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

import backfill.plan.Step;
import backfill.spark.read.MatchKey;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * The rows that a step's query gives and those that the target has, beside each other by key and
 * each in one state; a row that is right is left without what nothing asks of it.
 */
final class StatedRows {
  /** Prefixes a column of the target as it was read; no column of a query begins like this. */
  static final String EXPECTED = "expected ";

  /** True of the step's rows of the target, false of others. */
  private static final String PRESENT = "row present";

  private static final String STATE = "row state";
  private static final String UNFIT = "row unfit";

  private final Step.Rows step;
  private final RowsRead read;
  private final Dataset<Row> planned;
  private final Dataset<Row> current;
  private final MatchKey key;
  private final List<String> compared;
  private final Comparison comparison;

  /** In which of these a row is. */
  enum State {
    /** Planned, and no statement can write it. */
    UNFIT,
    /** Planned, and the target has no such key. */
    ABSENT,
    /** Planned, and the step's row of the key holds something else. */
    DIFFERENT,
    /** Planned, and there. */
    RIGHT,
    /** Planned, and a row has the key that is not the step's. */
    HELD,
    /** The step's, and not planned. */
    SURPLUS
  }

  /**
   * @param planned rows of {@link FittingRows#all}
   * @param current the target's rows, from {@link #current} and {@link #foreign}
   */
  StatedRows(Step.Rows step, RowsRead read, Dataset<Row> planned, Dataset<Row> current) {
    this.planned = planned;
    this.current = current;
    this.step = step;
    this.read = read;
    this.key = read.key();
    this.compared = read.same().compared();
    this.comparison = Comparison.of(key, read.same(), planned.schema(), current.schema());
  }

  /** How both sides are put beside each other, and others beside them. */
  Comparison comparison() {
    return comparison;
  }

  /**
   * The rows.
   *
   * @param partitions in which they are by key
   */
  Dataset<Row> in(int partitions) {
    RowsByKey wanted =
        RowsByKey.moved(
            planned.withColumn(UNFIT, read.planned().isUnfit()),
            comparison.by(column -> cell(key.shared(column)), cell(UNFIT)),
            partitions);
    RowsByKey found =
        RowsByKey.moved(
            current, comparison.by(column -> cell(EXPECTED + column), lit(false)), partitions);
    Dataset<Row> both =
        wanted.beside(
            found,
            step.surplus() == Step.Surplus.IGNORE
                ? RowsByKey.Others.WITH_ONE
                : RowsByKey.Others.ALL);
    return told(read.same().settled(both, EXPECTED));
  }

  private Dataset<Row> told(Dataset<Row> both) {
    Dataset<Row> stated = both.withColumn(STATE, judged()).where(cell(STATE).isNotNull());
    List<Column> cells = new ArrayList<>(List.of(cell(STATE), cell(RowsByKey.TWICE)));
    for (String column : read.planned().columns()) {
      cells.add(
          staysWhole(column) ? cell(column) : when(not(is(State.RIGHT)), cell(column)).as(column));
    }
    read.planned().reasons().forEach(reason -> cells.add(cell(reason)));
    for (String column : current.columns()) {
      if (!column.equals(PRESENT)) {
        cells.add(when(is(State.DIFFERENT).or(is(State.SURPLUS)), cell(column)).as(column));
      }
    }
    if (comparison.digests()) {
      cells.addAll(comparison.values(""));
    }
    return stated.select(cells.toArray(Column[]::new));
  }

  private boolean staysWhole(String column) {
    return key.columns().contains(column)
        || key.added().contains(column)
        || step.into().user().filter(column::equals).isPresent()
        || step.into().object().filter(column::equals).isPresent()
        || !comparison.digests() && compared.contains(column);
  }

  private Column judged() {
    Column differs = anyOf(compared, column -> differs(column, EXPECTED + column));
    return when(cell(UNFIT).isNull(), when(isTrue(PRESENT), code(State.SURPLUS)))
        .when(cell(UNFIT), code(State.UNFIT))
        .when(cell(PRESENT).isNull(), code(State.ABSENT))
        .when(isForeign(), code(State.HELD))
        .when(differs, code(State.DIFFERENT))
        .otherwise(code(State.RIGHT));
  }

  private static Column code(State state) {
    return lit(state.ordinal());
  }

  /** The place of a row's state among all. */
  static Column state() {
    return cell(STATE);
  }

  static Column is(State state) {
    return cell(STATE).equalTo(code(state));
  }

  /** Whether it is planned, and can be written. */
  static Column isPlanned() {
    return not(is(State.UNFIT).or(is(State.SURPLUS)));
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

  /** Of a row of {@link #foreign}. */
  static Column isForeign() {
    return cell(PRESENT).eqNullSafe(lit(false));
  }
}
