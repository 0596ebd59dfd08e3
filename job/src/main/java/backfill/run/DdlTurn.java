package backfill.run;

import backfill.plan.Amount;
import backfill.plan.Step;
import backfill.postgres.change.DdlRun;
import backfill.report.Stage;
import backfill.report.StepReportBuilder;

/** One step that changes the schema, on its way through a run. */
final class DdlTurn implements Turn {
  private final RunScope run;
  private final Step.Ddl step;
  private final StepReportBuilder report;
  private final DdlRun work;

  DdlTurn(RunScope run, Schedule schedule, Step.Ddl step) {
    this.run = run;
    this.step = step;
    this.report = run.reportOf(step);
    this.work = new DdlRun(schedule.scope(), step, run.ledger().slot(step.name()));
  }

  @Override
  public void write() throws Exception {
    report.timed(Stage.WRITE, this::send);
    run.hooks.written(step.name());
  }

  private void send() throws Exception {
    run.enter(Stage.WRITE, step, step.name(), 0);
    report.writing();
    try {
      work.run(run.stopping::check, () -> run.throttle().hold(step));
    } finally {
      report.sent(work.sent());
      report.retried(work.retries());
    }
    report.done();
    run.progress.say(
        "write "
            + step.name()
            + ": "
            + (work.sent() == 0
                ? "nothing to do"
                : "done, " + Amount.of(work.sent(), "statement")));
  }

  @Override
  public void verify() throws Exception {
    new DdlLook(run, step, work::toDo).verify();
  }
}
