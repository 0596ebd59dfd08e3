package backfill.spark.rows;

import static backfill.spark.query.Cells.cell;

import backfill.plan.Never;
import backfill.plan.Step;
import backfill.postgres.ledger.Operation;
import backfill.postgres.write.WritePart;
import backfill.spark.diff.DiffSum;
import backfill.spark.diff.StepDiff;
import backfill.spark.query.Cells;
import backfill.spark.step.DiffCounts;
import backfill.spark.step.DiffRowsets;
import backfill.spark.step.FanOut;
import backfill.spark.step.Gains;
import backfill.spark.step.Losses;
import backfill.spark.step.RowsToSet;
import backfill.spark.step.ToldDiff;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** What is told of a step whose query gives nothing, and for which the target was not read. */
record IdleRows(Step.Rows step, Dataset<Row> query, Map<String, Long> unmatched, ChangeTexts texts)
    implements ToldDiff {

  private List<String> compared() {
    return WritePart.compared(step, List.of(query.columns()));
  }

  @Override
  public DiffCounts counts() {
    Map<String, Long> changes = new LinkedHashMap<>();
    compared().forEach(column -> changes.put(column, 0L));
    return DiffCounts.ofRows(step, DiffCounts.StateCounts.NONE, changes)
        .with(unmatched, DiffCounts.Unfit.NONE);
  }

  @Override
  public Gains gains() {
    return null;
  }

  @Override
  public List<RowsToSet> toSet() {
    return List.of();
  }

  @Override
  public Losses losses() {
    return null;
  }

  @Override
  public Optional<FanOut> widestUser(Set<String> except) {
    return Optional.empty();
  }

  @Override
  public Optional<FanOut> widestObject(Set<String> except) {
    return Optional.empty();
  }

  @Override
  public DiffRowsets changes() {
    return new DiffRowsets(null, null, null);
  }

  @Override
  public StepDiff rows() {
    return texts.none();
  }

  @Override
  public DiffSum checksum() {
    return DiffSum.NONE;
  }

  @Override
  public Dataset<Row> rows(WritePart part) {
    Stream<Column> before =
        part.operation() == Operation.COMPARE_AND_SET
            ? compared().stream().map(name -> cell(name).as(Never.BEFORE + name))
            : Stream.of();
    return query
        .limit(0)
        .select(
            Stream.concat(part.columns().stream().map(Cells::cell), before).toArray(Column[]::new));
  }
}
