package backfill;

import backfill.plan.Step;
import backfill.postgres.CascadeCount;
import backfill.postgres.Ready;
import backfill.postgres.StepCounts;
import backfill.postgres.TooManyRejected;
import backfill.postgres.WriteCounts;
import backfill.postgres.WritePart;
import backfill.postgres.WriteTarget;
import backfill.spark.Gains;
import backfill.spark.Overlay;
import backfill.spark.PlannedDeletions;
import backfill.spark.Reading;
import backfill.spark.Sink;
import backfill.spark.Sinks;
import backfill.spark.StepPlan;
import backfill.spark.StepRun;
import backfill.spark.StepRuns;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The steps that share one snapshot, on their way through the stages. */
final class StepGroup implements AutoCloseable {
  private final RunScope run;
  private final List<Step.Fill> together;
  private final Ready ready;
  private final Command command;
  private final Overlay overlay;
  private final List<StepRun> runs = new ArrayList<>();
  private final Map<StepRun, StepPlan> planned = new LinkedHashMap<>();
  private final Map<StepRun, StepCounts> written = new LinkedHashMap<>();
  private final Map<Step.Fill, String> unknown = new LinkedHashMap<>();
  private final Set<StepRun> sentAgain = new HashSet<>();
  private Reading reading;

  /**
   * @param overlay what the steps before would leave, for a dry run
   */
  StepGroup(RunScope run, List<Step.Fill> together, Ready ready, Command command, Overlay overlay) {
    this.run = run;
    this.together = together;
    this.ready = ready;
    this.command = command;
    this.overlay = overlay;
  }

  List<Step.Fill> steps() {
    return together;
  }

  /** Reads, flattens and diffs; answers with what the guards refuse. */
  List<Guards.Refusal> count() throws Exception {
    reading = begin();
    read(reading);
    for (StepRun each : runs) {
      flatten(each);
      diff(each);
    }
    return refusals();
  }

  private List<Guards.Refusal> refusals() {
    List<Guards.Refusal> refusals = new ArrayList<>();
    if (run.guards.any() && command != Command.VERIFY) {
      for (StepRun each : runs) {
        Step.Fill step = each.step();
        timed(
            Stage.DIFF,
            step,
            () -> {
              run.enter(Stage.DIFF, step, step.name() + ", limits", 0);
              refusals.addAll(
                  run.guards.refusals(each, planned.get(each), run.reportOf(step).cascaded));
            });
      }
    }
    return refusals;
  }

  /** From here on its targets are seen as it would leave them. */
  void layOver(Overlay overlay) {
    runs.forEach(overlay::add);
    unknown
        .keySet()
        .forEach(step -> overlay.addUnknown(step.name(), ready.targets().get(step.name()).table()));
  }

  private Reading begin() throws Exception {
    run.countActivity();
    run.enter(Stage.READ, together.get(0), "snapshot", 0);
    Reading reading = run.reading(ready, together, overlay);
    run.progress.say(
        "read: "
            + DatabaseReports.sentence(reading)
            + " for "
            + String.join(", ", together.stream().map(Step::name).toList()));
    return reading;
  }

  private void read(Reading reading) {
    for (Step.Fill step : together) {
      try {
        timed(Stage.READ, step, () -> read(step, reading));
      } catch (Overlay.Unknown e) {
        unknown.put(step, e.getMessage());
        run.reportOf(step).status = "done";
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
        (name, rows) -> run.progress.say(String.format("read %s: %,d rows", name, rows)));
    StepRun each = StepRuns.of(step, ready.targets().get(step.name()), run.plan);
    run.enter(Stage.READ, step, run.reportOf(step).target, 0);
    try {
      reading.target(each);
    } catch (Overlay.Unknown e) {
      each.close();
      throw e;
    }
    runs.add(each);
    run.reportOf(step).read(reading.rowsOf(step), reading.statements() - before);
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
          run.progress.say("diff " + step.name() + ": " + Sentences.planned(counts));
          if (command == Command.PLAN || run.guards.any()) {
            run.reportOf(step).cascaded = along(each, counts);
          }
          if (command == Command.PLAN) {
            Gains gains = each.gains();
            run.reportOf(step).gains = gains == null ? null : GainsReport.of(gains);
          }
          if (command == Command.VERIFY) {
            run.reportOf(step).missing = counts.toWrite();
          }
        });
    if (command != Command.RUN) {
      run.reportOf(step).status = "done";
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
    Optional<List<String[]>> keys = PlannedDeletions.of(each);
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
  void write() {
    runs.forEach(this::write);
  }

  private void write(StepRun each) {
    Step.Fill step = each.step();
    StepReport stepReport = run.reportOf(step);
    timed(
        Stage.WRITE,
        step,
        () -> {
          run.enter(Stage.WRITE, step, step.name(), stepReport.toWrite());
          stepReport.rejectUnfit();
          stepReport.numbersRows = numbersRows(each);
          refuseTooManyRejected(stepReport);
          stepReport.status = "writing";
          StepCounts counts = partByPart(each);
          written.put(each, counts);
          stepReport.written(counts);
          if (sentAgain.contains(each) || run.session.speculates()) {
            stepReport.sentAgain();
          }
          run.report.countsExact &= counts.total().exact();
          stepReport.status = "done";
        });
    run.progress.say("write " + step.name() + ": " + Sentences.written(stepReport));
    if (!stepReport.rejections.isEmpty()) {
      run.progress.warn("write " + step.name() + ": " + Sentences.rejected(stepReport));
    }
    // Each writer stops by its own count; only here those of all writers are known.
    refuseTooManyRejected(stepReport);
  }

  /** Whether a new row takes a value of a sequence. */
  private static boolean numbersRows(StepRun each) {
    return each.parts().stream()
        .filter(part -> part.operation().event().equals("INSERT"))
        .anyMatch(
            part ->
                each.target().table().columns().stream()
                    .anyMatch(
                        column ->
                            column.sequence().isPresent()
                                && !part.columns().contains(column.name())));
  }

  private StepCounts partByPart(StepRun each) {
    Map<WriteTarget.Operation, WriteCounts> done = new EnumMap<>(WriteTarget.Operation.class);
    for (WritePart part : each.parts()) {
      if (planned.get(each).toWrite(part.operation()) > 0) {
        long rejectedBefore =
            run.rejectedForTheData()
                + done.values().stream().mapToLong(WriteCounts::rejectedForTheData).sum();
        Sink sink =
            Sinks.of(
                each,
                part,
                run.plan,
                run.database,
                run.applicationName,
                run.ledger(),
                rejectedBefore);
        WriteCounts counts = each.write(part, sink);
        if (!counts.exact()) {
          sentAgain.add(each);
        }
        // The next part's limit counts what this one's writers committed, all attempts of them.
        String entry = WritePart.entry(each.step(), part.operation());
        done.put(part.operation(), run.ledger().counts(entry).orElse(counts));
      }
    }
    return StepCounts.of(done);
  }

  private void refuseTooManyRejected(StepReport stepReport) {
    TooManyRejected.check(
        run.rejectedForTheData(), run.plan.limits().rejectedRows(), stepReport.rejections);
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
            var verified = fresh.verify(each, written.get(each));
            run.reportOf(step).verified(verified);
            run.reportOf(step).sent(fresh.statements() - before);
            run.progress.say("verify " + step.name() + ": " + Sentences.verified(verified));
          });
    }
  }

  /** May be closed twice. */
  @Override
  public void close() {
    runs.forEach(StepRun::close);
    runs.clear();
    if (reading != null) {
      reading.close();
      reading = null;
    }
  }

  private void timed(Stage timed, Step.Fill step, Runnable work) {
    long started = System.nanoTime();
    try {
      work.run();
    } finally {
      run.reportOf(step).spent(timed, (System.nanoTime() - started) / 1_000_000);
    }
  }
}
