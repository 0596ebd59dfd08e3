package backfill.run;

import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.postgres.change.InPlaceCount;
import backfill.report.Refusal;
import backfill.report.Sentences;
import backfill.report.Stage;
import backfill.report.StepReport;
import backfill.report.StepReportBuilder;
import backfill.spark.step.Overlay;
import java.util.List;
import java.util.stream.Stream;

/** One step of batches of which only is counted what it would do. */
final class ForetoldTurn implements Turn {
  private final RunScope run;
  private final Walk walk;
  private final Schedule schedule;
  private final Step.InPlace step;
  private final StepReportBuilder report;

  ForetoldTurn(RunScope run, Walk walk, Schedule schedule, Step.InPlace step) {
    this.run = run;
    this.walk = walk;
    this.schedule = schedule;
    this.step = step;
    this.report = run.reportOf(step);
  }

  @Override
  public void diff() throws Exception {
    report.timed(Stage.DIFF, this::count);
    if (walk.tells() && run.diff().isPresent() && report.now().planned() != null) {
      report.timed(
          Stage.DIFF,
          () ->
              InPlaceDiff.of(run, schedule, schedule.changes(), step)
                  .foretold(run.diff().get(), schedule.changes().tables()));
    }
    walk.counted(this, step);
    walk.diffed(report);
  }

  private void count() throws Exception {
    run.enter(Stage.DIFF, step, step.name(), 0);
    InPlaceCount.Foretold foretold =
        InPlaceCount.foretell(schedule.scope(), schedule.changes(), step);
    report.foretold(step, foretold);
    if (foretold.unknown() != null) {
      run.warn("diff " + step.name() + ": not counted: " + foretold.unknown());
    }
    run.progress.say("diff " + step.name() + ": " + Sentences.foretold(report.now()));
  }

  @Override
  public List<Refusal> refusals() {
    return refusals(run, step);
  }

  /** What the guards refuse of a step that is counted. */
  static List<Refusal> refusals(RunScope run, Step.InPlace step) {
    StepReport report = run.reportOf(step).now();
    return Stream.concat(
            (step.deletes()
                    ? run.guards.deletions(step, report.toDelete(), report.cascaded())
                    : run.guards.set(step, report.toUpdate()))
                .stream(),
            run.approval.refusals(report).stream())
        .toList();
  }

  /** Which rows it would leave is not known. */
  @Override
  public void layOver(Overlay overlay) {
    Table table = schedule.changes().tables().get(step.name());
    if (table != null) {
      overlay.addUnknown(step.name(), table);
    }
  }
}
