package backfill.run;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.preflight.Shapes;
import backfill.postgres.write.Target;
import backfill.spark.pairs.PairsRun;
import backfill.spark.rows.RowsRun;
import backfill.spark.step.StepRun;
import java.util.Map;

/** The executor of each kind of step. */
final class StepRunOfKind {
  private StepRunOfKind() {}

  /** A step that will be taken through the stages. */
  public static StepRun of(Step.Fill step, Target target, Plan plan, Shapes shapes) {
    if (step instanceof Step.Pairs pairs) {
      return new PairsRun(pairs, target, plan.settings());
    } else if (step instanceof Step.Rows rows) {
      return new RowsRun(rows, target, shapes.gives().getOrDefault(step.name(), Map.of()));
    }
    throw new IllegalStateException("no executor for " + step.getClass());
  }
}
