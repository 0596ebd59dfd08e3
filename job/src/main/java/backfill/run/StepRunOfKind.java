package backfill.run;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.preflight.Shapes;
import backfill.postgres.write.Target;
import backfill.spark.pairs.PairsRun;
import backfill.spark.rows.RowsRun;
import backfill.spark.step.StepRun;
import java.util.Map;
import java.util.Set;

/** The executor of each kind of step. */
final class StepRunOfKind {
  private StepRunOfKind() {}

  /**
   * A step that will be taken through the stages.
   *
   * @param varying source to its columns that would have other values in another run
   */
  public static StepRun of(
      Step.Fill step, Target target, Plan plan, Shapes shapes, Map<String, Set<String>> varying) {
    if (step instanceof Step.Pairs pairs) {
      return new PairsRun(pairs, target, plan.settings(), varying);
    } else if (step instanceof Step.Rows rows) {
      return new RowsRun(rows, target, shapes.gives().getOrDefault(step.name(), Map.of()), varying);
    }
    throw new IllegalStateException("no executor for " + step.getClass());
  }
}
