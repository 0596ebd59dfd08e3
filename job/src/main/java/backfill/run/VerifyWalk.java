package backfill.run;

import backfill.plan.Definition;
import backfill.plan.Step;
import backfill.postgres.preflight.PreflightResult;
import backfill.report.StepReportBuilder;
import backfill.spark.read.Reading;
import java.util.List;

/** The walk that looks at the present state: what a run would write is missing now. */
final class VerifyWalk extends CountingWalk {
  VerifyWalk(RunScope run, Schedule schedule) {
    super(run, schedule, refusal -> {});
  }

  @Override
  Turn turn(Step.Ddl step) {
    DdlLook look = goesLater(step) ? DdlLook.nowhere(run, step) : DdlLook.at(run, schedule, step);
    return new Turn() {
      @Override
      public void verify() throws Exception {
        look.verify();
      }
    };
  }

  /** What a later step takes away again is not missed once that has run. */
  private boolean goesLater(Step.Ddl step) {
    List<Step> steps = schedule.scope().steps();
    return step.definition() instanceof Definition.Creates
        && steps.stream()
            .skip(steps.indexOf(step) + 1L)
            .anyMatch(
                later ->
                    later instanceof Step.Ddl other
                        && other.definition() instanceof Definition.Drops
                        && other.target().equals(step.target()));
  }

  @Override
  public Reading begin(PreflightResult found, List<Step.Fill> together) throws Exception {
    return run.verifying(found, together);
  }

  @Override
  public boolean leadsToWriting() {
    return false;
  }

  @Override
  public void diffed(StepReportBuilder step) {
    step.missesAll();
    step.done();
  }

  /** The steps before it have run, or have not: nothing is laid over their targets. */
  @Override
  public void counted(Turn turn, Step first) {}
}
