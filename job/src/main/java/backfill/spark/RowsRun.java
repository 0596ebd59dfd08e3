package backfill.spark;

import static backfill.spark.Cells.cells;

import backfill.plan.Step;
import backfill.postgres.Parents;
import backfill.postgres.StepCounts;
import backfill.postgres.Target;
import backfill.postgres.WriteCounts;
import backfill.postgres.WritePart;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * A step of rows: the query's rows are matched with the target's by key. A row is written only
 * where it is absent or a value differs; and one that is set or deleted goes along with the values
 * that were read, so that somebody else's change is never overwritten.
 */
final class RowsRun implements StepRun {
  private final Step.Rows step;
  private final Target target;
  private final Kept kept = new Kept();
  private FittingRows planned;
  private Dataset<Row> current;
  private long currentRows;
  private RowsMatch match;
  private ParentKeys parentKeys;
  private List<String> outputs;
  private Map<String, Long> unmatched;
  private StepPlan counts;

  RowsRun(Step.Rows step, Target target) {
    this.step = step;
    this.target = target;
  }

  @Override
  public Step.Fill step() {
    return step;
  }

  @Override
  public Target target() {
    return target;
  }

  @Override
  public void read(SnapshotReader reader, KeptSources sources) {
    Dataset<Row> query = sources.query(step.query());
    outputs = List.of(query.columns());
    planned = FittingRows.of(step, target.table(), query, reader, kept);
    current = kept.keep(RowsMatch.current(readTarget(reader)));
    currentRows = Kept.count(current);
    parentKeys =
        ParentKeys.read(target.parentsOf(outputs), column -> KeyNumbers.INTEGERS, reader, sources);
    unmatched = unmatched(sources);
  }

  private Dataset<Row> readTarget(SnapshotReader reader) {
    return reader.read(target.table(), WritePart.read(step, outputs), target.where());
  }

  private Map<String, Long> unmatched(KeptSources sources) {
    Map<String, Long> numbers = new LinkedHashMap<>();
    step.unmatched()
        .forEach(
            (name, query) -> {
              List<Row> answer = sources.query(query).limit(2).collectAsList();
              if (answer.size() != 1
                  || answer.get(0).size() != 1
                  || !(answer.get(0).get(0) instanceof Number number)) {
                throw new UnfitRows(
                    "step "
                        + step.name()
                        + ": unmatched."
                        + name
                        + " must give one row with one number, as count(*) does; it gives "
                        + answer);
              }
              numbers.put(name, number.longValue());
            });
    return numbers;
  }

  @Override
  public void flatten() {
    planned.refuseTwice();
  }

  @Override
  public StepPlan diff() {
    match = new RowsMatch(step, WritePart.compared(step, outputs), planned.rows(), current, kept);
    StepPlan matched = match.counts(currentRows);
    counts =
        new StepPlan(
            matched.planned() + planned.unfit(),
            matched.alreadyPresent(),
            matched.toInsert(),
            matched.toUpdate(),
            matched.toDelete(),
            matched.unchanged(),
            matched.absent(),
            matched.surplus(),
            planned.unfit(),
            planned.rejections(),
            matched.targetRows(),
            unmatched,
            matched.changes());
    return counts;
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
  public PlannedChanges changes() {
    Dataset<Row> inserts = null;
    Dataset<Row> updates = null;
    Dataset<Row> deletes = null;
    for (WritePart part : parts()) {
      switch (part.operation()) {
        case COMPARE_AND_SET -> updates = match.rows(part);
        case COMPARE_AND_DELETE -> deletes = match.surplusKeys();
        default -> inserts = match.rows(part);
      }
    }
    return new PlannedChanges(counts, inserts, updates, deletes);
  }

  @Override
  public Parents parents() {
    return parentKeys.parents();
  }

  @Override
  public List<WritePart> parts() {
    return WritePart.of(step, outputs);
  }

  /** Rows of one batch are not worth a second connection. */
  @Override
  public WriteCounts write(WritePart part, Sink sink) {
    long rows = counts.toWrite(part.operation());
    long batches = (rows - 1) / step.write().rowsPerBatch() + 1;
    int writers = (int) Math.min(step.write().writers(), batches);
    return sink.write(
        match
            .toWrite(part)
            .repartitionByRange(writers, cells(step.key()))
            .sortWithinPartitions(cells(step.key())));
  }

  @Override
  public Verified verify(SnapshotReader reader, KeptSources sources, StepCounts written) {
    try (Kept keptHere = new Kept()) {
      FittingRows now =
          FittingRows.of(step, target.table(), sources.query(step.query()), reader, keptHere);
      return new RowsVerify(step, outputs, match, written)
          .between(now.rows(), RowsMatch.current(readTarget(reader)));
    }
  }

  @Override
  public void close() {
    kept.close();
    if (parentKeys != null) {
      parentKeys.close();
    }
  }
}
