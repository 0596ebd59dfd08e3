package backfill.spark.rows;

import static backfill.spark.query.Cells.cell;

import backfill.plan.Never;
import backfill.plan.Step;
import backfill.postgres.write.WritePart;
import backfill.spark.diff.DiffSum;
import backfill.spark.diff.StepDiff;
import backfill.spark.step.DiffCounts;
import backfill.spark.step.DiffRowsets;
import backfill.spark.step.FanOut;
import backfill.spark.step.Gains;
import backfill.spark.step.Losses;
import backfill.spark.step.RowsToSet;
import backfill.spark.step.ToldDiff;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** What is told of the rows that a step would add, set or take away. */
final class ToldRows implements ToldDiff {
  private final Step.Rows step;
  private final List<WritePart> parts;
  private final RowsMatch match;
  private final DiffCounts counts;
  private final ChangeTexts texts;

  ToldRows(
      Step.Rows step,
      List<WritePart> parts,
      RowsMatch match,
      DiffCounts counts,
      ChangeTexts texts) {
    this.step = step;
    this.parts = parts;
    this.match = match;
    this.counts = counts;
    this.texts = texts;
  }

  @Override
  public DiffCounts counts() {
    return counts;
  }

  @Override
  public Gains gains() {
    return counts.toInsert() == null || !namesAnyone()
        ? null
        : new Gains(
            null,
            null,
            most(step.into().user(), match.listed()::gaining),
            most(step.into().object(), match.listed()::gaining));
  }

  private boolean namesAnyone() {
    return step.into().user().isPresent() || step.into().object().isPresent();
  }

  private static List<Gains.Gainer> most(
      Optional<String> column, Function<String, List<Gains.Gainer>> counted) {
    return column.map(counted).orElse(List.of());
  }

  @Override
  public List<RowsToSet> toSet() {
    return counts.toUpdate() == null || counts.toUpdate() == 0 ? List.of() : match.listed().toSet();
  }

  @Override
  public Losses losses() {
    return !step.deletes() || !namesAnyone()
        ? null
        : new Losses(
            most(step.into().user(), match.listed()::losing),
            most(step.into().object(), match.listed()::losing));
  }

  @Override
  public Optional<FanOut> widestUser(Set<String> except) {
    return step.into().user().flatMap(of -> match.listed().widest(of, except));
  }

  @Override
  public Optional<FanOut> widestObject(Set<String> except) {
    return step.into().object().flatMap(of -> match.listed().widest(of, except));
  }

  @Override
  public DiffRowsets changes() {
    Dataset<Row> inserts = null;
    Dataset<Row> updates = null;
    Dataset<Row> deletes = null;
    for (WritePart part : parts) {
      switch (part.operation()) {
        case COMPARE_AND_SET -> updates = match.rows(part);
        case COMPARE_AND_DELETE -> deletes = match.surplusKeys();
        default -> inserts = match.rows(part);
      }
    }
    return new DiffRowsets(inserts, updates, deletes);
  }

  @Override
  public StepDiff rows() {
    return counts.toWrite() == 0
        ? texts.none()
        : texts.inOrder(match, counts.toWrite(), step.write().writers());
  }

  @Override
  public DiffSum checksum() {
    return counts.toWrite() == 0 ? DiffSum.NONE : texts.sum(match);
  }

  @Override
  public Dataset<Row> rows(WritePart part) {
    Dataset<Row> rows = match.toWrite(part);
    return rows.select(
        Stream.of(rows.columns())
            .map(
                name ->
                    name.startsWith(RowsMatch.EXPECTED)
                        ? cell(name).as(Never.BEFORE + name.substring(RowsMatch.EXPECTED.length()))
                        : cell(name))
            .toArray(Column[]::new));
  }
}
