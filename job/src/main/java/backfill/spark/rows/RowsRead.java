package backfill.spark.rows;

import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.postgres.write.Target;
import backfill.postgres.write.WritePart;
import backfill.spark.engine.KeptInSpark;
import backfill.spark.read.KeptSources;
import backfill.spark.read.MatchKey;
import backfill.spark.read.ReadJobs;
import backfill.spark.read.SameValues;
import backfill.spark.read.SnapshotReader;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.plans.logical.LocalRelation;

/**
 * What one snapshot has for a step of rows: the rows that its query gives, and those of its target
 * that they are matched with.
 */
final class RowsRead {
  private final Step.Rows step;
  private final MatchKey key;
  private final List<String> outputs;
  private final SameValues same;
  private final FittingRows planned;
  private Dataset<Row> current;
  private Optional<Dataset<Row>> foreign;
  private long currentRows;

  /** Nothing is read before it is asked for. */
  RowsRead(Step.Rows step, Target target, FittingRows.Given query, SnapshotReader reader) {
    this(
        step,
        target,
        List.of(query.rows().columns()),
        FittingRows.of(step, MatchKey.of(step, target), target.table().inTexts(), query, reader),
        reader);
  }

  private RowsRead(
      Step.Rows step,
      Target target,
      List<String> outputs,
      FittingRows planned,
      SnapshotReader reader) {
    this.step = step;
    this.outputs = outputs;
    this.planned = planned;
    key = MatchKey.of(step, target);
    Table table = target.table().inTexts(key.loose());
    same = reader.same(table, WritePart.compared(step, outputs));
    current =
        StatedRows.current(
            reader.read(table, WritePart.read(step, outputs, target), target.where()));
    foreign =
        target.foreign().map(others -> StatedRows.foreign(reader.read(table, step.key(), others)));
  }

  /** The same rows of the query, beside those that the target has in another snapshot. */
  RowsRead withTarget(Target target, SnapshotReader reader) {
    return new RowsRead(step, target, outputs, planned, reader);
  }

  /**
   * Whether there is nothing to do, whatever the target has: then it is not read. Said by the
   * optimizer only, which follows sources without rows through the query.
   */
  static boolean isIdle(Step.Rows step, Dataset<Row> query, KeptSources sources) {
    return step.surplus() == Step.Surplus.IGNORE
        && sources.someAreEmpty(step)
        && query.queryExecution().optimizedPlan() instanceof LocalRelation rows
        && rows.data().isEmpty();
  }

  /** Begins to read the target, and keeps what comes. */
  void begin(ReadJobs reads, KeptInSpark kept) {
    current = kept.keep(current);
    reads.begin(
        KeptInSpark.counts(current),
        rows -> currentRows = rows.stream().mapToLong(Long::longValue).sum());
    foreign = foreign.map(kept::keep);
    foreign.ifPresent(rows -> reads.begin(KeptInSpark.counts(rows), counts -> {}));
  }

  MatchKey key() {
    return key;
  }

  /** The columns that the query gives. */
  List<String> outputs() {
    return outputs;
  }

  SameValues same() {
    return same;
  }

  /** What the query gives. */
  FittingRows planned() {
    return planned;
  }

  /** The rows of the target, the step's and others. */
  Dataset<Row> present() {
    return foreign.map(others -> current.unionByName(others, true)).orElse(current);
  }

  /** Those of them that are the step's. */
  Dataset<Row> current() {
    return current;
  }

  /** How many rows of the target are the step's, once it is read. */
  long currentRows() {
    return currentRows;
  }

  /**
   * Both sides, by key.
   *
   * @param partitions of the rows by key
   */
  RowsMatch match(int partitions, KeptInSpark kept) {
    return match(planned.all(), present(), partitions, kept);
  }

  /** The match of a step that planned nothing. */
  RowsMatch noMatch(int partitions, KeptInSpark kept) {
    return match(planned.all().limit(0), present().limit(0), partitions, kept);
  }

  private RowsMatch match(
      Dataset<Row> wanted, Dataset<Row> found, int partitions, KeptInSpark kept) {
    return new RowsMatch(step, this, new StatedRows(step, this, wanted, found), partitions, kept);
  }
}
