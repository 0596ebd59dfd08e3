package backfill.run;

import backfill.plan.Step;
import backfill.report.StepReportBuilder;

/** The walk of a dry run, by which a person judges what a run would do. */
final class PlanWalk extends CountingWalk {
  PlanWalk(RunScope run, Schedule schedule) {
    super(run, schedule, run::wouldRefuse);
  }

  @Override
  Turn turn(Step.Ddl step) {
    DdlLook look = DdlLook.at(run, schedule, step);
    return new Turn() {
      @Override
      public void diff() throws Exception {
        look.foretell();
      }
    };
  }

  @Override
  public boolean tells() {
    return true;
  }

  @Override
  public boolean isJudged() {
    return true;
  }

  @Override
  public void diffed(StepReportBuilder step) {
    step.done();
  }
}
