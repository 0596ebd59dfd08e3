package backfill.run;

import backfill.plan.Step;
import backfill.postgres.change.LastRuns;
import backfill.postgres.ledger.StepCounts;
import backfill.postgres.ledger.StepStatus;
import backfill.postgres.preflight.Ready;
import backfill.postgres.server.SqlFailure;
import backfill.postgres.write.CascadeCount;
import backfill.postgres.write.SequenceRoom;
import backfill.postgres.write.WritePart;
import backfill.report.Command;
import backfill.report.DatabaseReports;
import backfill.report.GainsReport;
import backfill.report.LongRun;
import backfill.report.Refusal;
import backfill.report.Sentences;
import backfill.report.Stage;
import backfill.report.StepReport;
import backfill.spark.read.LeftOut;
import backfill.spark.read.Reading;
import backfill.spark.step.Gains;
import backfill.spark.step.Losses;
import backfill.spark.step.Overlay;
import backfill.spark.step.PlannedKeys;
import backfill.spark.step.StepPlan;
import backfill.spark.step.StepRun;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The steps that share one snapshot, on their way through the stages. */
final class FillTurn implements Turn {
  private final RunScope run;
  private final Walk walk;
  private final List<Step.Fill> together;
  private final Command command;
  private final Overlay overlay;
  private final List<StepRun> runs = new ArrayList<>();
  private final Map<StepRun, StepPlan> planned = new LinkedHashMap<>();
  private final Map<StepRun, StepCounts> written = new LinkedHashMap<>();
  private final Map<Step.Fill, String> unknown = new LinkedHashMap<>();
  private final Map<StepRun, Optional<LastRuns.Left>> last = new LinkedHashMap<>();
  private final Map<String, LeftOut> leftOut = new LinkedHashMap<>();
  private Ready ready;
  private Reading reading;

  /**
   * @param overlay what the steps before would leave, for a dry run
   */
  FillTurn(RunScope run, Walk walk, List<Step.Fill> together, Command command, Overlay overlay) {
    this.run = run;
    this.walk = walk;
    this.together = together;
    this.command = command;
    this.overlay = overlay;
  }

  List<Step.Fill> steps() {
    return together;
  }

  @Override
  public void read() throws Exception {
    ready = walk.look(together);
    reading = begin();
    read(reading);
  }

  @Override
  public void flatten() {
    runs.forEach(this::flatten);
  }

  @Override
  public void diff() throws Exception {
    runs.forEach(this::diff);
    walk.counted(this, together.get(0), refusals());
  }

  private List<Refusal> refusals() {
    List<Refusal> refusals = new ArrayList<>();
    if (command.looksAtThePresent()) {
      return refusals;
    }
    for (StepRun each : runs) {
      Step.Fill step = each.step();
      timed(
          Stage.DIFF,
          step,
          () -> {
            run.enter(Stage.DIFF, step, step.name() + ", limits", 0);
            if (run.guards.any()) {
              refusals.addAll(
                  run.guards.refusals(each, planned.get(each), run.reportOf(step).cascaded));
            }
            refusals.addAll(
                run.guards.surplus(
                    step,
                    planned.get(each),
                    EmptiedSources.of(run.reportOf(step), last.get(each))));
            refusals.addAll(sequences(each));
          });
    }
    return refusals;
  }

  /** A sequence that is at its end would refuse the rows one by one. */
  private List<Refusal> sequences(StepRun each) {
    Long rows = planned.get(each).toInsert();
    Optional<WritePart> adding = StepWrite.numbering(each);
    if (rows == null || rows == 0 || adding.isEmpty()) {
      return List.of();
    }
    return SequenceRoom.lacking(
            run.database,
            run.applicationName,
            run.plan.settings(),
            each.target().table(),
            adding.get().columns(),
            rows)
        .stream()
        .map(what -> new Refusal(each.step(), "step " + each.step().name() + " " + what, false))
        .toList();
  }

  @Override
  public void layOver(Overlay overlay) {
    runs.forEach(overlay::add);
    unknown
        .keySet()
        .forEach(step -> overlay.addUnknown(step.name(), ready.targets().get(step.name()).table()));
  }

  private Reading begin() throws Exception {
    run.countActivity();
    run.enter(Stage.READ, together.get(0), "snapshot", 0);
    Reading reading =
        command.looksAtThePresent()
            ? run.verifying(ready, together)
            : run.reading(ready, together, overlay);
    run.progress.say(
        "read: "
            + DatabaseReports.sentence(reading)
            + " for "
            + String.join(", ", together.stream().map(Step::name).toList()));
    LongRun.advice(
            reading.queriedBytes(), () -> ManagementFactory.getRuntimeMXBean().getInputArguments())
        .ifPresent(run.progress::say);
    return reading;
  }

  private void read(Reading reading) {
    for (Step.Fill step : together) {
      try {
        timed(Stage.READ, step, () -> read(step, reading));
      } catch (Overlay.Unknown e) {
        unknown.put(step, e.getMessage());
        run.reportOf(step).status = StepStatus.DONE;
        run.warn("step " + step.name() + ": what it would do is not known: " + e.getMessage());
      }
    }
    run.release(reading);
  }

  private void read(Step.Fill step, Reading reading) {
    long before = reading.statements();
    reading.sources(
        step,
        name -> run.enter(Stage.READ, step, name, 0),
        (name, rows) -> run.progress.say("read " + name + ": " + Sentences.rows(rows)));
    StepRun each = StepRuns.of(step, ready.targets().get(step.name()), run.plan, ready.shapes());
    run.enter(Stage.READ, step, run.reportOf(step).target, 0);
    try {
      reading.target(each::read, what -> run.enter(Stage.READ, step, what, 0));
    } catch (Overlay.Unknown e) {
      each.close();
      throw e;
    }
    runs.add(each);
    leftOut(step, reading);
    run.reportOf(step).read(reading.rowsOf(step), reading.statements() - before);
  }

  /** What conditions leave out is counted where a person must judge what is not there. */
  private void leftOut(Step.Fill step, Reading reading) {
    StepReport report = run.reportOf(step);
    reading
        .rowsOf(step)
        .forEach(
            (source, rows) -> {
              boolean empty = rows != null && rows == 0;
              boolean counted = empty || command.foretells() || step.deletes();
              if (counted) {
                run.enter(Stage.READ, step, source + ", what is left out", 0);
              }
              LeftOut left = reading.leftOut(source, counted);
              boolean said = leftOut.putIfAbsent(source, left) != null;
              report.leftOut.put(source, left);
              if (!said) {
                EmptiedSources.sentence(source, left)
                    .ifPresent(empty ? run::warnOnce : run.progress::say);
              }
            });
  }

  private void flatten(StepRun each) {
    timed(
        Stage.FLATTEN,
        each.step(),
        () -> {
          run.enter(Stage.FLATTEN, each.step(), each.step().name(), 0);
          each.flatten();
        });
  }

  private void diff(StepRun each) {
    Step.Fill step = each.step();
    timed(
        Stage.DIFF,
        step,
        () -> {
          run.enter(Stage.DIFF, step, step.name(), 0);
          StepPlan counts = each.diff();
          planned.put(each, counts);
          run.reportOf(step).planned(counts);
          run.reportOf(step).owns = each.target().where();
          run.progress.say("diff " + step.name() + ": " + Sentences.planned(counts));
          if (command.foretells() || run.guards.any()) {
            run.reportOf(step).cascaded = along(each, counts);
          }
          if (command.foretells()) {
            Gains gains = each.gains();
            run.reportOf(step).gains = gains == null ? null : GainsReport.of(gains);
            Losses losses = each.losses();
            run.reportOf(step).losses = losses == null ? null : GainsReport.LossesReport.of(losses);
            run.reportOf(step).toSet = each.toSet();
          }
          if (command.foretells() && counts.planned() > 0 && !StepWrite.filled(each).isEmpty()) {
            run.progress.say(
                "diff %s: the step fills %s by itself; a run sets the sequence behind it forward, where it is behind the rows"
                    .formatted(step.name(), String.join(", ", StepWrite.filled(each))));
          }
          if (command.looksAtThePresent()) {
            run.reportOf(step).missing = counts.toWrite();
          }
          sinceLastRun(each, counts);
        });
    if (!command.writes()) {
      run.reportOf(step).status = StepStatus.DONE;
    }
  }

  /** What the last run left of the step, and what is said of that before anything is written. */
  private void sinceLastRun(StepRun each, StepPlan counts) {
    try {
      Optional<LastRuns.Left> left = run.lastRuns().of(each.step(), each.target());
      last.put(each, left);
      if (!command.looksAtThePresent()) {
        new GivenBack(run, ready, run.lastRuns()).warn(each, counts, left);
      }
      if (counts.toDelete() == null || counts.toDelete() == 0) {
        EmptiedSources.warn(run, each.step(), left);
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(
          "cannot ask what became of the last run's rows: " + SqlFailure.message(e), e);
    }
  }

  /** What foreign keys would take along with the rows that a step deletes; null if not known. */
  private Map<String, Long> along(StepRun each, StepPlan counts) {
    if (counts.toDelete() == null) {
      return null;
    }
    if (counts.toDelete() == 0) {
      return Map.of();
    }
    Optional<List<String[]>> keys = PlannedKeys.toDelete(each);
    if (keys.isEmpty()) {
      return null;
    }
    return CascadeCount.of(
            run.database,
            run.applicationName,
            run.plan.settings(),
            each.target(),
            each.step().key(),
            keys.get())
        .orElse(null);
  }

  /** Writes every step, one after the other. */
  @Override
  public void write() {
    if (!command.writes()) {
      return;
    }
    runs.forEach(each -> written.put(each, new StepWrite(run, each, planned.get(each)).run()));
  }

  /** Compares what was planned and written with what another snapshot shows. */
  void verify(Reading fresh) {
    for (StepRun each : runs) {
      Step.Fill step = each.step();
      timed(
          Stage.VERIFY,
          step,
          () -> {
            run.enter(Stage.VERIFY, step, step.name(), 0);
            long before = fresh.statements();
            fresh.sources(step, name -> {}, (name, rows) -> {});
            var verified =
                fresh.verify(
                    (targets, sources) -> each.verify(targets, sources, written.get(each)));
            run.reportOf(step).verified(verified);
            run.reportOf(step).sent(fresh.statements() - before);
            run.progress.say("verify " + step.name() + ": " + Sentences.verified(verified));
            if (verified.revokedMeanwhile() > 0) {
              run.warn("verify " + step.name() + ": " + Sentences.revoked(verified));
            }
          });
    }
  }

  @Override
  public void close() {
    runs.forEach(StepRun::close);
    runs.clear();
    if (reading != null) {
      reading.close();
      reading = null;
    }
  }

  private void timed(Stage stage, Step.Fill step, Runnable work) {
    run.reportOf(step)
        .timed(
            stage,
            () -> {
              work.run();
              return null;
            });
  }
}
