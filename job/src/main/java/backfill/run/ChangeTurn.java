package backfill.run;

import backfill.plan.Limits;
import backfill.plan.Step;
import backfill.postgres.change.FoundChangeTargets;
import backfill.postgres.change.InPlaceCount;
import backfill.postgres.change.InPlaceRun;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.preflight.ChangeCheck;
import backfill.postgres.write.TooManyRejectedException;
import backfill.report.Refusal;
import backfill.report.Sentences;
import backfill.report.Stage;
import backfill.report.StepReport;
import backfill.report.StepReportBuilder;
import java.util.List;
import java.util.Map;

/** One step of batches that runs, on its way through the stages. */
final class ChangeTurn implements Turn {
  private final RunScope run;
  private final WritingWalk walk;
  private final Schedule schedule;
  private final Step.InPlace step;
  private final StepReportBuilder report;
  private FoundChangeTargets now;
  private InPlaceRun work;

  ChangeTurn(RunScope run, WritingWalk walk, Schedule schedule, Step.InPlace step) {
    this.run = run;
    this.walk = walk;
    this.schedule = schedule;
    this.step = step;
    this.report = run.reportOf(step);
  }

  /** It reads by its batches; here its table is looked at as earlier steps left it. */
  @Override
  public void read() throws Exception {
    walk.recheck(step, () -> now = ChangeCheck.recheck(schedule.scope(), step));
    work =
        new InPlaceRun(
            schedule.scope(),
            schedule.changes(),
            step,
            run.ledger().slot(step.name()),
            run.report.rejectedForTheData());
  }

  @Override
  public void diff() throws Exception {
    report.timed(Stage.DIFF, this::count);
    if (run.diff().isPresent()) {
      report.timed(
          Stage.DIFF, () -> InPlaceDiff.of(run, schedule, now, step).now(run.diff().get()));
    }
    walk.counted(this, step);
  }

  @Override
  public List<Refusal> refusals() {
    return ForetoldTurn.refusals(run, step);
  }

  /**
   * Its cascades are looked for where a limit or an approval asks: that may read the tables behind
   * it whole.
   */
  private void count() throws Exception {
    run.enter(Stage.DIFF, step, step.name(), 0);
    if (step.deletes()
        && (run.approval.given()
            || run.plan.limits().most(Limits.Bound.ROWS_DELETED, step).isPresent())) {
      report.foretold(step, InPlaceCount.now(schedule.scope(), now, step));
    } else {
      report.counted(step, work.left());
    }
    run.progress.say("diff " + step.name() + ": " + Sentences.foretold(report.now()));
  }

  @Override
  public void write() throws Exception {
    report.timed(Stage.WRITE, this::send);
    sayWritten();
    run.hooks.written(step.name());
  }

  private void send() throws Exception {
    long toWrite = report.now().toWrite();
    run.enter(Stage.WRITE, step, step.name(), toWrite);
    run.progress.count(work::rows);
    report.writing();
    try {
      if (toWrite > 0) {
        run.throttle()
            .during(
                step,
                schedule.changes().tables().get(step.name()).name(),
                step.write(),
                toWrite,
                () -> work.run(run.stopping::check));
      }
    } finally {
      report.cascaded(work.cascaded().orElse(step.deletes() && toWrite == 0 ? Map.of() : null));
      report.sent(work.looks());
    }
    WriteCounts counts = run.ledger().counts(step.name()).orElse(work.counts());
    report.written(counts);
    if (report.now().cascaded() != null) {
      run.ledger().cascaded(step.name()).ifPresent(report::cascaded);
    } else if (step.deletes()) {
      run.warn(
          "write "
              + step.name()
              + ": what went along is not known: the server has track_counts off");
    }
    report.done();
  }

  /** How it went, once the time that it took is known. */
  private void sayWritten() {
    StepReport written = report.now();
    run.progress.say("write " + step.name() + ": " + Sentences.written(written));
    if (written.rejected() > 0) {
      run.progress.warn("write " + step.name() + ": " + Sentences.rejected(written));
    }
    TooManyRejectedException.check(
        run.report.rejectedForTheData(), run.plan.limits().rejectedRows(), written.rejections());
  }

  @Override
  public void verify() throws Exception {
    report.timed(Stage.VERIFY, this::look);
  }

  private void look() throws Exception {
    run.enter(Stage.VERIFY, step, step.name(), 0);
    long before = work.looks();
    InPlaceRun.Remaining remaining = work.verify();
    report.verified(remaining);
    report.sent(work.looks() - before);
    run.progress.say("verify " + step.name() + ": " + Sentences.remaining(remaining));
  }

  @Override
  public void close() {
    if (work != null) {
      work.close();
      work = null;
    }
  }
}
