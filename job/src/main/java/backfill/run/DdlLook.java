package backfill.run;

import backfill.plan.Step;
import backfill.postgres.change.DdlRun;
import backfill.report.Stage;
import backfill.report.StepReportBuilder;
import java.util.Optional;

/**
 * Looks whether a step that changes the schema has anything to do, and says what.
 *
 * @param toDo asks the catalog
 */
record DdlLook(RunScope run, Step.Ddl step, Question toDo) {

  /** What is to do, in words. */
  @FunctionalInterface
  interface Question {
    Optional<String> ask() throws Exception;
  }

  static DdlLook at(RunScope run, Schedule schedule, Step.Ddl step) {
    DdlRun work = new DdlRun(schedule.scope(), step, run.ledger().slot(step.name()));
    return new DdlLook(run, step, work::toDo);
  }

  /** Of a step of which nothing is to be seen once all have run. */
  static DdlLook nowhere(RunScope run, Step.Ddl step) {
    return new DdlLook(run, step, Optional::empty);
  }

  /** What a run would do. */
  void foretell() throws Exception {
    StepReportBuilder report = run.reportOf(step);
    report.timed(Stage.DIFF, () -> look(Stage.DIFF));
    report.done();
  }

  /** What a run has left undone. */
  void verify() throws Exception {
    StepReportBuilder report = run.reportOf(step);
    report.timed(Stage.VERIFY, () -> report.missing(look(Stage.VERIFY).isPresent() ? 1L : 0L));
    report.done();
  }

  private Optional<String> look(Stage stage) throws Exception {
    run.enter(stage, step, step.name(), 0);
    Optional<String> found = toDo.ask();
    run.progress.say(
        stage
            + " "
            + step.name()
            + ": "
            + found.map(what -> "to do: " + what).orElse("nothing to do"));
    return found;
  }
}
