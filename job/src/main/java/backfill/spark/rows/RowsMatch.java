package backfill.spark.rows;

import static backfill.spark.query.Cells.among;
import static backfill.spark.query.Cells.anyOf;
import static backfill.spark.query.Cells.cell;
import static backfill.spark.query.Cells.cells;
import static backfill.spark.query.Cells.differs;
import static backfill.spark.query.Cells.not;
import static backfill.spark.rows.StatedRows.is;
import static backfill.spark.rows.StatedRows.isPlanned;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

import backfill.plan.Step;
import backfill.postgres.catalog.ParentKey;
import backfill.postgres.ledger.Operation;
import backfill.postgres.write.WritePart;
import backfill.spark.engine.KeptInSpark;
import backfill.spark.engine.SettingsInTasks;
import backfill.spark.engine.SparkJobs;
import backfill.spark.query.Cells;
import backfill.spark.read.MatchKey;
import backfill.spark.rows.StatedRows.State;
import backfill.spark.step.DiffCounts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * The rows that a step's query gives beside those that the target has, by key; and what follows for
 * each: it is added, set, left as it is, held by a row that is not the step's, or nothing justifies
 * it.
 */
final class RowsMatch {
  /** Prefixes a column of the target as it was read. */
  static final String EXPECTED = StatedRows.EXPECTED;

  /** What happens to a row of {@link #changing}. */
  static final String EVENT = "row event";

  /** Where it is counted how many come after one with the same key. */
  private static final int TWICE = State.values().length;

  private final Step.Rows step;
  private final MatchKey key;
  private final List<String> compared;
  private final Comparison comparison;
  private final FittingRows fitting;
  private final int partitions;
  private final Dataset<Row> rows;
  private long[] sums;

  /**
   * @param partitions in which the rows are by key
   */
  RowsMatch(Step.Rows step, RowsRead read, StatedRows stated, int partitions, KeptInSpark kept) {
    this.step = step;
    this.key = read.key();
    this.compared = read.same().compared();
    this.fitting = read.planned();
    this.partitions = partitions;
    this.comparison = stated.comparison();
    this.rows = kept.keep(stated.in(partitions));
  }

  /** Two rows for one key would be two answers to what the target should have. */
  void refuseTwice() {
    if (sums()[TWICE] > 0) {
      throw fitting.twice();
    }
  }

  /** Asked once; the rows are kept from then on. */
  private long[] sums() {
    if (sums == null) {
      Dataset<Row> states = rows.select(StatedRows.state(), cell(RowsByKey.TWICE));
      sums = new long[TWICE + 1];
      for (long[] some :
          SettingsInTasks.of(
              rows.sparkSession(),
              () -> SparkJobs.ofEach(SettingsInTasks.elements(states), RowsMatch::sumsOf))) {
        Arrays.setAll(sums, i -> sums[i] + some[i]);
      }
    }
    return sums;
  }

  private static long[] sumsOf(Iterator<InternalRow> states) {
    long[] sums = new long[TWICE + 1];
    while (states.hasNext()) {
      InternalRow row = states.next();
      sums[row.getInt(0)]++;
      if (row.getBoolean(1)) {
        sums[TWICE]++;
      }
    }
    return sums;
  }

  /** How many are in one of these. */
  long rowsThatAre(State... states) {
    return Stream.of(states).mapToLong(state -> sums()[state.ordinal()]).sum();
  }

  /** How many rows are in each state; the step's other counts are null or 0. */
  DiffCounts counts(long targetRows) {
    return DiffCounts.ofRows(
        step,
        new DiffCounts.StateCounts(
            rowsThatAre(State.ABSENT, State.DIFFERENT, State.RIGHT, State.HELD),
            rowsThatAre(State.HELD),
            rowsThatAre(State.ABSENT),
            rowsThatAre(State.DIFFERENT),
            rowsThatAre(State.RIGHT),
            rowsThatAre(State.SURPLUS),
            targetRows),
        changes(List.of()));
  }

  /** The rows that no statement can write. */
  DiffCounts.Unfit unfit() {
    long unfit = rowsThatAre(State.UNFIT);
    return unfit == 0
        ? DiffCounts.Unfit.NONE
        : new DiffCounts.Unfit(unfit, fitting.rejections(rows.where(is(State.UNFIT))));
  }

  /** In how many rows each column differs, without the rows of these keys. */
  Map<String, Long> changes(List<List<String>> without) {
    Map<String, Long> changes = new LinkedHashMap<>();
    compared.forEach(column -> changes.put(column, 0L));
    if (rowsThatAre(State.DIFFERENT) > 0) {
      Row changed =
          rows.where(is(State.DIFFERENT).and(not(among(rows, step.key(), without))))
              .agg(
                  count(lit(1)),
                  compared.stream()
                      .map(column -> count(when(differs(column, EXPECTED + column), 1)))
                      .toArray(Column[]::new))
              .first();
      for (int i = 0; i < compared.size(); i++) {
        changes.put(compared.get(i), changed.getLong(1 + i));
      }
    }
    return changes;
  }

  private Column chosen(Operation operation) {
    return switch (operation) {
      case INSERT_MISSING, INSERT_AND_NAME -> is(State.ABSENT);
      case COMPARE_AND_SET -> is(State.DIFFERENT);
      case COMPARE_AND_DELETE -> is(State.SURPLUS);
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

  /** The states of the rows that the step adds or sets. */
  List<State> written() {
    return switch (step.mode()) {
      case INSERT_MISSING -> List.of(State.ABSENT);
      case UPDATE -> List.of(State.DIFFERENT);
      case UPSERT -> List.of(State.ABSENT, State.DIFFERENT);
    };
  }

  /** The states of the target's rows that the step takes away, or sets. */
  List<State> overwritten() {
    List<State> states = new ArrayList<>(written());
    states.remove(State.ABSENT);
    if (step.deletes()) {
      states.add(State.SURPLUS);
    }
    return states;
  }

  /** How the rows are in place by their key. */
  int partitions() {
    return partitions;
  }

  /** All of them, each with its state. */
  Dataset<Row> stated() {
    return rows;
  }

  /** How they are put beside others. */
  Comparison comparison() {
    return comparison;
  }

  /**
   * Every planned row that can be written, and where the step deletes every surplus one, in place
   * by key: with its key, what equal keys share, and by what it is told whether it is the same.
   *
   * @param surplus what says whether a row is that
   * @param written what says whether this step would write it
   */
  Dataset<Row> told(String surplus, String written) {
    List<Column> cells = new ArrayList<>();
    for (String column : key.columns()) {
      cells.add(ofEither(column, column));
    }
    for (String column : key.loose()) {
      // What the target gives of a loose key is what equal keys share.
      cells.add(ofEither(key.shared(column), column));
    }
    comparison.values().forEach(value -> cells.add(cell(value)));
    cells.add(is(State.SURPLUS).as(surplus));
    cells.add(anyOf(written(), state -> is(state)).as(written));
    return rows.where(step.deletes() ? not(is(State.UNFIT)) : isPlanned())
        .select(cells.toArray(Column[]::new));
  }

  private Column ofEither(String planned, String read) {
    return when(is(State.SURPLUS), cell(EXPECTED + read)).otherwise(cell(planned)).as(planned);
  }

  /** What a dry run lists of them. */
  ListedRows listed() {
    return new ListedRows(rows, step.key(), compared);
  }

  /** The keys of rows that nothing justified. */
  Dataset<Row> surplusKeys() {
    return rows.where(is(State.SURPLUS)).select(Cells.renamed(step.key().stream(), EXPECTED, ""));
  }
}
