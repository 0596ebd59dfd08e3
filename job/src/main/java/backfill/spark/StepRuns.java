package backfill.spark;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.Target;

/** The executor of each kind of step. */
public final class StepRuns {
  private StepRuns() {}

  /** A step that will be taken through the stages. */
  public static StepRun of(Step.Fill step, Target target, Plan plan) {
    if (step instanceof Step.Pairs pairs) {
      return new PairsRun(pairs, target, plan.settings());
    } else if (step instanceof Step.Rows rows) {
      return new RowsRun(rows, target);
    }
    throw new IllegalStateException("no executor for " + step.getClass());
  }
}
