package backfill.run;

import backfill.plan.Definition;
import backfill.plan.Step;
import backfill.postgres.change.DdlRun;
import backfill.report.Command;
import backfill.report.Stage;
import backfill.report.StepReportBuilder;
import java.util.List;
import java.util.Optional;

/** One step that changes the schema, on its way through the stages. */
final class DdlTurn implements Turn {
  private final RunScope run;
  private final List<Step> steps;
  private final Step.Ddl step;
  private final Command command;
  private final StepReportBuilder report;
  private final DdlRun work;

  DdlTurn(RunScope run, Schedule schedule, Step.Ddl step, Command command) {
    this.run = run;
    this.steps = schedule.scope().steps();
    this.step = step;
    this.command = command;
    this.report = run.reportOf(step);
    this.work = new DdlRun(schedule.scope(), step, run.ledger().slot(step.name()));
  }

  /** A run asks the catalog before each statement, and nothing before that. */
  @Override
  public void diff() throws Exception {
    if (command.foretells()) {
      report.timed(Stage.DIFF, () -> sayToDo(Stage.DIFF, look(Stage.DIFF)));
      report.done();
    }
  }

  @Override
  public void write() throws Exception {
    if (command.writes()) {
      report.timed(Stage.WRITE, this::send);
    }
  }

  private void send() throws Exception {
    run.enter(Stage.WRITE, step, step.name(), 0);
    report.writing();
    try {
      work.run(run.stopping::check);
    } finally {
      report.sent(work.sent());
      report.retried(work.retries());
    }
    report.done();
    run.progress.say(
        "write "
            + step.name()
            + ": "
            + (work.sent() == 0 ? "nothing to do" : "done, " + statements(work.sent())));
  }

  @Override
  public void verify() throws Exception {
    if (!command.foretells()) {
      report.timed(
          Stage.VERIFY,
          () -> {
            Optional<String> toDo = look(Stage.VERIFY);
            report.missing(toDo.isPresent() ? 1L : 0L);
            sayToDo(Stage.VERIFY, toDo);
          });
      report.done();
    }
  }

  private Optional<String> look(Stage stage) throws Exception {
    run.enter(stage, step, step.name(), 0);
    return goesLater() ? Optional.empty() : work.toDo();
  }

  private void sayToDo(Stage stage, Optional<String> toDo) {
    run.progress.say(
        stage
            + " "
            + step.name()
            + ": "
            + toDo.map(what -> "to do: " + what).orElse("nothing to do"));
  }

  /** What a later step takes away again is not missed once that has run. */
  private boolean goesLater() {
    return command.looksAtThePresent()
        && step.definition() instanceof Definition.Creates
        && steps.stream()
            .skip(steps.indexOf(step) + 1L)
            .anyMatch(
                later ->
                    later instanceof Step.Ddl other
                        && other.definition() instanceof Definition.Drops
                        && other.target().equals(step.target()));
  }

  private static String statements(int sent) {
    return sent == 1 ? "1 statement" : sent + " statements";
  }
}
