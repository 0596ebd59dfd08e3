package backfill.spark.step;

import backfill.plan.Never;
import backfill.postgres.write.WritePart;
import backfill.spark.diff.DiffSum;
import backfill.spark.diff.StepDiff;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * What is told of a step once it is counted: to the report, the limits, the access diff, the plan's
 * checks, and the steps of a dry run that come after it. Each is computed when it is asked for.
 */
public interface ToldDiff {
  /** What {@link StepRun#diff} found. */
  DiffCounts counts();

  /** Who gains most; asked for by a dry run only, because it counts every pair once more. */
  Gains gains();

  /** What its grants are like; asked for by a dry run only. Null for a step of rows. */
  default GrantShape shape() {
    return null;
  }

  /** Which rows it would set, the first ones; asked for by a dry run only. */
  List<RowsToSet> toSet();

  /** Who loses most; null for a step that deletes nothing, or names neither users nor objects. */
  Losses losses();

  /**
   * The user with most pairs, of those who gain one; empty where none does, or where the step names
   * no users.
   *
   * @param except keys of users who do not count
   */
  Optional<FanOut> widestUser(Set<String> except);

  /** The object with most users, of those that gain one. */
  Optional<FanOut> widestObject(Set<String> except);

  /** What the target would have more, other or less. */
  DiffRowsets changes();

  /** Every row that the step would add, set or take away, with its reason. */
  StepDiff rows();

  /** The sum of these rows, which no reason has a part in. */
  DiffSum checksum();

  /**
   * The rows of one write, with the target's names; what a row to set holds before stands under
   * {@link Never#BEFORE}.
   */
  Dataset<Row> rows(WritePart part);
}
