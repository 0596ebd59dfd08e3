package backfill;

import backfill.plan.Step;
import backfill.postgres.OpenTransactions;
import backfill.postgres.Ready;
import backfill.postgres.TooManyRejected;
import backfill.postgres.WriteCounts;
import backfill.spark.Gains;
import backfill.spark.Reading;
import backfill.spark.Sinks;
import backfill.spark.StepPlan;
import backfill.spark.StepRun;
import backfill.spark.StepRuns;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The steps that share one snapshot, on their way through the stages. */
final class StepGroup {
  private final RunScope run;
  private final List<Step.Fill> together;
  private final Ready ready;
  private final Command command;
  private final List<StepRun> runs = new ArrayList<>();
  private final Map<StepRun, StepPlan> planned = new LinkedHashMap<>();
  private final Map<StepRun, WriteCounts> written = new LinkedHashMap<>();

  StepGroup(RunScope run, List<Step.Fill> together, Ready ready, Command command) {
    this.run = run;
    this.together = together;
    this.ready = ready;
    this.command = command;
  }

  void run() throws Exception {
    try (Reading reading = begin()) {
      count(reading);
      List<Guards.Refusal> refusals = refusals();
      if (command == Command.PLAN) {
        refusals.forEach(refusal -> run.warn("a run would be refused: " + refusal.sentence()));
      }
      if (command == Command.RUN) {
        run.refuse(refusals);
        runs.forEach(this::write);
        verify();
      }
    } finally {
      runs.forEach(StepRun::close);
    }
  }

  /** As a dry run does; what the guards refuse is left to the caller. */
  List<Guards.Refusal> count() throws Exception {
    try (Reading reading = begin()) {
      count(reading);
      return refusals();
    } finally {
      runs.forEach(StepRun::close);
    }
  }

  private void count(Reading reading) {
    read(reading);
    for (StepRun each : runs) {
      flatten(each);
      diff(each);
    }
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
              refusals.addAll(run.guards.refusals(each, planned.get(each)));
            });
      }
    }
    return refusals;
  }

  private Reading begin() throws Exception {
    run.countActivity();
    run.enter(Stage.READ, together.get(0), "snapshot", 0);
    Reading reading =
        Reading.begin(
            run.session.get(), run.plan, ready, together, run.databases, run.applicationName);
    run.progress.say(
        "read: "
            + DatabaseReports.sentence(reading)
            + " for "
            + String.join(", ", together.stream().map(Step::name).toList()));
    return reading;
  }

  private void read(Reading reading) {
    for (Step.Fill step : together) {
      timed(Stage.READ, step, () -> read(step, reading));
    }
    release(reading);
  }

  private void read(Step.Fill step, Reading reading) {
    long before = reading.statements();
    reading.sources(
        step,
        name -> run.enter(Stage.READ, step, name, 0),
        (name, rows) -> run.progress.say(String.format("read %s: %,d rows", name, rows)));
    StepRun each = StepRuns.of(step, ready.targets().get(step.name()), run.plan);
    runs.add(each);
    run.enter(Stage.READ, step, run.reportOf(step).target, 0);
    reading.target(each);
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

  private void write(StepRun each) {
    Step.Fill step = each.step();
    timed(
        Stage.WRITE,
        step,
        () -> {
          StepReport stepReport = run.reportOf(step);
          run.enter(Stage.WRITE, step, step.name(), stepReport.toWrite());
          stepReport.status = "writing";
          WriteCounts sent = WriteCounts.NONE;
          WriteCounts counts = WriteCounts.NONE;
          if (stepReport.toWrite() > 0) {
            sent =
                each.write(
                    Sinks.of(
                        each,
                        ready,
                        run.plan,
                        run.database,
                        run.applicationName,
                        run.ledger(),
                        run.rejectedForTheData()));
            counts = run.ledger().counts(step.name()).orElse(sent);
          }
          written.put(each, counts);
          stepReport.written(counts);
          if (!sent.exact() || run.session.speculates()) {
            stepReport.sentAgain();
          }
          run.report.countsExact &= counts.exact();
          stepReport.status = "done";
        });
    run.progress.say("write " + step.name() + ": " + Sentences.written(run.reportOf(step)));
    if (run.reportOf(step).rejected > 0) {
      run.progress.warn("write " + step.name() + ": " + Sentences.rejected(run.reportOf(step)));
    }
    // Each writer stops by its own count; only here those of all writers are known.
    TooManyRejected.check(
        run.rejectedForTheData(), run.plan.limits().rejectedRows(), run.reportOf(step).rejections);
  }

  private void verify() throws Exception {
    run.enter(Stage.VERIFY, together.get(0), "transactions open at our last commit", 0);
    boolean ended =
        OpenTransactions.now(run.database, run.applicationName)
            .endWithin(run.plan.settings().verify().waitFor());
    run.stopping.check();
    if (!ended) {
      run.warn(
          "verify: transactions that were open at our last commit are still open after "
              + run.plan.settings().verify().waitFor().toSeconds()
              + " s (verify.wait-for); what they change is not seen");
    }
    try (Reading reading =
        Reading.begin(
            run.session.get(), run.plan, ready, together, run.databases, run.applicationName)) {
      for (StepRun each : runs) {
        Step.Fill step = each.step();
        timed(
            Stage.VERIFY,
            step,
            () -> {
              run.enter(Stage.VERIFY, step, step.name(), 0);
              long before = reading.statements();
              reading.sources(step, name -> {}, (name, rows) -> {});
              var verified = reading.verify(each, written.get(each));
              run.reportOf(step).verified(verified);
              run.reportOf(step).sent(reading.statements() - before);
              run.progress.say("verify " + step.name() + ": " + Sentences.verified(verified));
            });
      }
      release(reading);
    }
  }

  private void release(Reading reading) {
    reading.release();
    DatabaseReports.of(reading)
        .forEach((name, snapshot) -> run.report.databases.get(name).snapshots().add(snapshot));
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
