package backfill.run;

import backfill.plan.Step;
import backfill.postgres.preflight.PreflightResult;
import backfill.report.CompilerAdvice;
import backfill.report.Refusal;
import backfill.report.ReportedDatabase;
import backfill.report.Sentences;
import backfill.report.Stage;
import backfill.report.StepReportBuilder;
import backfill.spark.read.LeftOut;
import backfill.spark.read.Reading;
import backfill.spark.step.Overlay;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The steps that share one snapshot, on their way through the stages. */
final class FillTurn implements Turn {
  private final RunScope run;
  private final Walk walk;
  private final List<Step.Fill> together;
  private final List<FillStep> read = new ArrayList<>();
  private final Set<Step.Fill> unknown = new LinkedHashSet<>();
  private final Set<String> saidOfSources = new HashSet<>();
  private PreflightResult ready;
  private Reading reading;

  FillTurn(RunScope run, Walk walk, List<Step.Fill> together) {
    this.run = run;
    this.walk = walk;
    this.together = together;
  }

  List<Step.Fill> steps() {
    return together;
  }

  @Override
  public void read() throws Exception {
    ready = walk.look(together);
    reading = begin();
    for (Step.Fill step : together) {
      try {
        run.reportOf(step).timed(Stage.READ, () -> read(step));
      } catch (Overlay.UnknownRowsException e) {
        unknown.add(step);
        walk.never().isUnknown(step);
        run.reportOf(step).done();
        run.warn("step " + step.name() + ": what it would do is not known: " + e.getMessage());
      }
    }
    walk.read(reading, read.stream().map(FillStep::step).toList());
    run.release(reading);
  }

  private Reading begin() throws Exception {
    run.countActivity();
    run.enter(Stage.READ, together.get(0), "snapshot", 0);
    Reading begun = walk.begin(ready, together);
    run.progress.say(
        "read: "
            + ReportedDatabase.sentence(begun)
            + " for "
            + String.join(", ", together.stream().map(Step::name).toList()));
    CompilerAdvice.advice(
            begun.queriedBytes(), () -> ManagementFactory.getRuntimeMXBean().getInputArguments())
        .ifPresent(run.progress::say);
    return begun;
  }

  private void read(Step.Fill step) {
    long before = reading.statements();
    reading.sources(
        step,
        name -> run.enter(Stage.READ, step, name, 0),
        (name, rows) -> run.progress.say("read " + name + ": " + Sentences.rows(rows)));
    FillStep each = new FillStep(run, ready, walk, step);
    try {
      each.readTarget(reading);
    } catch (Overlay.UnknownRowsException e) {
      each.close();
      throw e;
    }
    read.add(each);
    leftOut(step);
    run.reportOf(step).read(reading.rowsOf(step), reading.statements() - before);
  }

  /** What conditions leave out is counted where a person must judge what is not there. */
  private void leftOut(Step.Fill step) {
    StepReportBuilder report = run.reportOf(step);
    reading
        .rowsOf(step)
        .forEach(
            (source, rows) -> {
              boolean empty = rows != null && rows == 0;
              boolean counted = empty || walk.isJudged() || step.deletes();
              if (counted) {
                run.enter(Stage.READ, step, source + ", what is left out", 0);
              }
              LeftOut left = reading.leftOut(source, counted);
              report.leftOut(source, left);
              if (saidOfSources.add(source)) {
                EmptiedSources.sentence(source, left)
                    .ifPresent(empty ? run::warnOnce : run.progress::say);
              }
            });
  }

  @Override
  public void flatten() {
    read.forEach(FillStep::flatten);
  }

  @Override
  public void diff() throws Exception {
    read.forEach(FillStep::diff);
    if (walk.tells()) {
      read.forEach(FillStep::tell);
      walk.told(together.get(0));
    }
    walk.counted(this, together.get(0));
  }

  @Override
  public List<Refusal> refusals() throws Exception {
    List<Refusal> refusals = new ArrayList<>();
    read.forEach(each -> refusals.addAll(each.refusals()));
    read.forEach(each -> each.isCounted(walk.never()));
    refusals.addAll(walk.never().ask(ready, reading));
    return refusals;
  }

  @Override
  public void layOver(Overlay over) {
    read.forEach(each -> each.layOver(over));
    unknown.forEach(step -> over.addUnknown(step.name(), ready.targets().get(step.name()).table()));
  }

  /** Writes every step, one after the other. */
  @Override
  public void write() {
    for (FillStep each : read) {
      each.write();
      run.hooks.written(each.step().name());
    }
  }

  /** Compares what was planned and written with what another snapshot shows. */
  void verify(Reading fresh) {
    read.forEach(each -> each.verify(fresh, reading));
  }

  /** Takes back what was revoked meanwhile, the last step's first: its rows may refer to others. */
  void removeRevoked() throws Exception {
    for (int i = read.size() - 1; i >= 0; i--) {
      read.get(i).removeRevoked();
    }
  }

  @Override
  public void close() {
    read.forEach(FillStep::close);
    read.clear();
    if (reading != null) {
      run.release(reading);
      reading.close();
      reading = null;
    }
  }
}
