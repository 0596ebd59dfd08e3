package backfill;

import backfill.plan.InvalidPlan;
import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.Database;
import backfill.postgres.LostSnapshot;
import backfill.postgres.OpenTransactions;
import backfill.postgres.Preflight;
import backfill.postgres.Ready;
import backfill.postgres.RunLedger;
import backfill.postgres.SqlFailure;
import backfill.postgres.TooManyRejected;
import backfill.postgres.Waits;
import backfill.postgres.WriteCounts;
import backfill.spark.Activity;
import backfill.spark.PlanQueries;
import backfill.spark.Reading;
import backfill.spark.Session;
import backfill.spark.Sinks;
import backfill.spark.StepPlan;
import backfill.spark.StepRun;
import backfill.spark.StepRuns;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * One run of a plan: preflight, then for the steps that share a snapshot read, flatten, diff, write
 * and verify. Whatever happens, the report says it.
 */
final class Backfill {
  private final Plan plan;
  private final List<Step> steps;
  private final Database database;
  private final String applicationName;
  private final Session session;
  private final Report report;
  private final Progress progress;
  private final Stopping stopping;
  private final Guards guards;
  private final Map<Step, StepReport> stepReports = new LinkedHashMap<>();
  private Activity activity;
  private Stage stage = Stage.PREFLIGHT;
  private StepReport current;
  private RunLedger ledger = RunLedger.off();

  Backfill(
      Plan plan,
      List<Step> steps,
      Database database,
      Session session,
      Report report,
      Progress progress,
      Stopping stopping) {
    this.plan = plan;
    this.steps = steps;
    this.database = database;
    this.session = session;
    this.report = report;
    this.progress = progress;
    this.stopping = stopping;
    this.guards = new Guards(plan.limits());
    this.applicationName = applicationName(plan.name(), report.runId);
  }

  /**
   * What the names of the run's sessions begin with, and those of no other run. PostgreSQL keeps 63
   * bytes of a name; a writer's number and the like must fit behind it.
   */
  static String applicationName(String plan, String runId) {
    return "backfill "
        + plan.substring(0, Math.min(32, plan.length()))
        + " "
        + runId.substring(0, 8);
  }

  /** Takes the plan as far as the command says and fills in the report. */
  void run(Command command) {
    run(command, CheckPrintout.NONE);
  }

  /** Likewise, and prints what was asked for. */
  void run(Command command, CheckPrintout printout) {
    report.plan = plan.name();
    report.planHash = plan.hash();
    report.params.putAll(plan.params());
    steps.forEach(step -> report.steps.add(reportOf(step)));
    try (Brake brake = new Brake(stopping, session, database, applicationName, progress);
        Waits waits = new Waits(database, applicationName)) {
      brake.ready();
      progress.watch(waits);
      Ready ready = preflight(command, printout);
      List<Step> active = steps.stream().filter(step -> !skipped(step, ready)).toList();
      if (command == Command.CHECK) {
        active.forEach(
            step ->
                progress.say(DatabaseReports.writeRule(step, ready.targets().get(step.name()))));
        printout.statements(
            active, () -> new SqlListing(plan, ready, database, applicationName, session));
      } else {
        if (command == Command.RUN && !active.isEmpty()) {
          refuseUncountedCopies();
          openLedger(ready);
        }
        List<List<Step>> groups = SnapshotGroups.of(plan, ready, active);
        if (command == Command.RUN && guards.any() && groups.size() > 1) {
          countBeforeWriting(groups, ready);
        }
        for (List<Step> together : groups) {
          new Group(together, ready, command).run();
        }
      }
      finish(command);
    } catch (
        Throwable failure) { // NOPMD: the process's one place where anything becomes an exit code
      if (stopping.reason().isPresent()) {
        stop(stopping.reason().get(), failure);
      } else {
        fail(failure);
      }
    } finally {
      closeLedger();
      progress.watch(null);
      if (activity != null) {
        activity.detach(session.get());
      }
    }
  }

  private void refuseUncountedCopies() {
    if (!plan.settings().ledger().on() && session.speculates()) {
      throw new InvalidPlan(
          List.of(
              new InvalidPlan.Problem(
                  "spark.speculation",
                  0,
                  "is on, and without a ledger nothing tells two copies of a writer apart; set it to false, or leave"
                      + " out ledger = off")));
    }
  }

  private void openLedger(Ready ready) {
    progress.doing(Stage.PREFLIGHT, "ledger", 0);
    ledger =
        RunLedger.open(
            database,
            applicationName,
            UUID.fromString(report.runId),
            plan,
            ready.targets().values(),
            ready.now(),
            report.labelsJson());
  }

  /** The ledger says how it ended before anybody else may begin. */
  private void closeLedger() {
    try (RunLedger closing = ledger) {
      closing.end(report.status, report.json());
    } catch (RunLedger.LedgerFailure e) {
      warn("report: " + e.getMessage());
    }
  }

  private StepReport reportOf(Step step) {
    return stepReports.computeIfAbsent(step, StepReport::new);
  }

  private Ready preflight(Command command, CheckPrintout printout) {
    enter(Stage.PREFLIGHT, null, database.toString(), 0);
    Ready ready = asked(command, printout);
    report.databases.put("main", DatabaseReports.of(ready, plan));
    ready.warnings().forEach(this::warn);
    ready
        .targets()
        .forEach((step, target) -> named(step).target = target.table().name().toString());
    if (!ready.applies()) {
      progress.say("preflight: only-if is false: the plan does not apply here, nothing to do");
    }
    return ready;
  }

  private Ready asked(Command command, CheckPrintout printout) {
    try (Preflight preflight = Preflight.open(plan, steps, database, applicationName)) {
      // Before anything is asked: whoever is at the wrong server sees it here, ready or not.
      progress.say(
          "preflight: " + DatabaseReports.sentence(preflight.server(), preflight.readFrom()));
      if (command == Command.RUN || command == Command.CHECK) {
        preflight.askForLedger();
      }
      try {
        return preflight.check(this::shapes);
      } finally {
        printout.grants(plan.name(), preflight);
      }
    }
  }

  private backfill.postgres.Shapes shapes(
      Plan asked, Map<String, backfill.postgres.Table> sources) {
    return new PlanQueries(session.get()).of(asked, sources);
  }

  private StepReport named(String step) {
    return report.steps.stream().filter(s -> s.name.equals(step)).findFirst().orElseThrow();
  }

  private boolean skipped(Step step, Ready ready) {
    boolean skipped = !ready.applies() || ready.skippedSteps().contains(step.name());
    if (skipped) {
      reportOf(step).status = "skipped";
      progress.say("step " + step.name() + ": skipped, only-if is false");
    }
    return skipped;
  }

  /**
   * Steps of one snapshot are counted before any of them writes anyway; those of later ones must be
   * counted once more than they would be, or an earlier step were written when they are refused.
   */
  private void countBeforeWriting(List<List<Step>> groups, Ready ready) throws Exception {
    progress.say("limits: all steps are counted before one writes, with the tables as they are");
    List<Guards.Refusal> refusals = new ArrayList<>();
    for (List<Step> together : groups) {
      refusals.addAll(new Group(together, ready, Command.RUN).count());
    }
    refuse(refusals);
  }

  private void refuse(List<Guards.Refusal> refusals) {
    if (!refusals.isEmpty()) {
      Refused refused = new Refused(refusals, Sentences.writtenSteps(report));
      refused.steps().forEach(step -> reportOf(step).status = "refused");
      current = reportOf(refused.steps().get(0));
      throw refused;
    }
  }

  private void warn(String warning) {
    report.warnings.add(warning);
    progress.warn(warning);
  }

  private void enter(Stage entered, Step step, String what, long total) {
    stopping.check();
    stage = entered;
    current = step == null ? null : reportOf(step);
    progress.doing(entered, what, total);
    if (entered != Stage.PREFLIGHT) {
      // A task that is given up is interrupted, so that it does not sleep on before a retry.
      session.get().sparkContext().setJobGroup(entered.toString(), entered + " " + what, true);
    }
  }

  /** The steps that share one snapshot, on their way through the stages. */
  private final class Group {
    private final List<Step> together;
    private final Ready ready;
    private final Command command;
    private final List<StepRun> runs = new ArrayList<>();
    private final Map<StepRun, StepPlan> planned = new LinkedHashMap<>();
    private final Map<StepRun, WriteCounts> written = new LinkedHashMap<>();

    Group(List<Step> together, Ready ready, Command command) {
      this.together = together;
      this.ready = ready;
      this.command = command;
    }

    void run() throws Exception {
      try (Reading reading = begin()) {
        count(reading);
        List<Guards.Refusal> refusals = refusals();
        if (command == Command.PLAN) {
          refusals.forEach(refusal -> warn("a run would be refused: " + refusal.sentence()));
        }
        if (command == Command.RUN) {
          refuse(refusals);
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

    private void count(Reading reading) throws Exception {
      read(reading);
      for (StepRun run : runs) {
        flatten(run);
        diff(run);
      }
    }

    private List<Guards.Refusal> refusals() {
      List<Guards.Refusal> refusals = new ArrayList<>();
      if (guards.any() && command != Command.VERIFY) {
        for (StepRun run : runs) {
          Step step = run.step();
          timed(
              Stage.DIFF,
              step,
              () -> {
                enter(Stage.DIFF, step, step.name() + ", limits", 0);
                refusals.addAll(guards.refusals(run, planned.get(run)));
              });
        }
      }
      return refusals;
    }

    private Reading begin() throws Exception {
      if (activity == null) {
        activity = Activity.of(session.get());
        progress.count(activity);
      }
      enter(Stage.READ, together.get(0), "snapshot", 0);
      Reading reading =
          Reading.begin(session.get(), plan, ready, together, database, applicationName);
      progress.say(
          "read: snapshot "
              + reading.snapshot().id()
              + " at "
              + reading.snapshot().lsn()
              + " for "
              + String.join(", ", together.stream().map(Step::name).toList()));
      return reading;
    }

    private void read(Reading reading) throws Exception {
      for (Step step : together) {
        try {
          timed(Stage.READ, step, () -> read(step, reading));
        } catch (Exception e) {
          throw LostSnapshot.orOther(e, reading.snapshot());
        }
      }
      reading.release();
      report.databases.get("main").snapshots().add(DatabaseReports.of(reading));
    }

    private void read(Step step, Reading reading) {
      long before = reading.statements();
      reading.sources(
          step,
          name -> enter(Stage.READ, step, name, 0),
          (name, rows) -> progress.say(String.format("read %s: %,d rows", name, rows)));
      StepRun run = StepRuns.of(step, ready.targets().get(step.name()), plan);
      runs.add(run);
      enter(Stage.READ, step, reportOf(step).target, 0);
      reading.target(run);
      reportOf(step).read(reading.rowsOf(step), reading.statements() - before);
    }

    private void flatten(StepRun run) {
      timed(
          Stage.FLATTEN,
          run.step(),
          () -> {
            enter(Stage.FLATTEN, run.step(), run.step().name(), 0);
            run.flatten();
          });
    }

    private void diff(StepRun run) {
      Step step = run.step();
      timed(
          Stage.DIFF,
          step,
          () -> {
            enter(Stage.DIFF, step, step.name(), 0);
            StepPlan counts = run.diff();
            planned.put(run, counts);
            reportOf(step).planned(counts);
            progress.say("diff " + step.name() + ": " + Sentences.planned(counts));
            if (command == Command.PLAN && run.gains() != null) {
              reportOf(step).gains = GainsReport.of(run.gains());
            }
            if (command == Command.VERIFY) {
              reportOf(step).missing = counts.toWrite();
            }
          });
      if (command != Command.RUN) {
        reportOf(step).status = "done";
      }
    }

    private void write(StepRun run) {
      Step step = run.step();
      timed(
          Stage.WRITE,
          step,
          () -> {
            StepReport stepReport = reportOf(step);
            enter(Stage.WRITE, step, step.name(), stepReport.toWrite());
            stepReport.status = "writing";
            WriteCounts counts = WriteCounts.NONE;
            if (stepReport.toWrite() > 0) {
              counts =
                  run.write(
                      Sinks.of(
                          run,
                          ready,
                          plan,
                          database,
                          applicationName,
                          ledger,
                          rejectedForTheData()));
              counts = ledger.counts(step.name()).orElse(counts);
            }
            written.put(run, counts);
            stepReport.written(counts);
            report.countsExact &= counts.exact();
            stepReport.status = "done";
          });
      progress.say("write " + step.name() + ": " + Sentences.written(reportOf(step)));
      if (reportOf(step).rejected > 0) {
        progress.warn("write " + step.name() + ": " + Sentences.rejected(reportOf(step)));
      }
      // Each writer stops by its own count; only here those of all writers are known.
      TooManyRejected.check(
          rejectedForTheData(), plan.limits().rejectedRows(), reportOf(step).rejections);
    }

    private void verify() throws Exception {
      enter(Stage.VERIFY, together.get(0), "transactions open at our last commit", 0);
      boolean ended =
          OpenTransactions.now(database, applicationName)
              .endWithin(plan.settings().verify().waitFor());
      stopping.check();
      if (!ended) {
        warn(
            "verify: transactions that were open at our last commit are still open after "
                + plan.settings().verify().waitFor().toSeconds()
                + " s (verify.wait-for); what they change is not seen");
      }
      try (Reading reading =
          Reading.begin(session.get(), plan, ready, together, database, applicationName)) {
        for (StepRun run : runs) {
          Step step = run.step();
          timed(
              Stage.VERIFY,
              step,
              () -> {
                enter(Stage.VERIFY, step, step.name(), 0);
                long before = reading.statements();
                reading.sources(step, name -> {}, (name, rows) -> {});
                var verified = reading.verify(run, written.get(run));
                reportOf(step).verified(verified);
                reportOf(step).sent(reading.statements() - before);
                progress.say("verify " + step.name() + ": " + Sentences.verified(verified));
              });
        }
        reading.release();
        report.databases.get("main").snapshots().add(DatabaseReports.of(reading));
      }
    }

    private void timed(Stage timed, Step step, Runnable work) {
      long started = System.nanoTime();
      try {
        work.run();
      } finally {
        reportOf(step).spent(timed, (System.nanoTime() - started) / 1_000_000);
      }
    }
  }

  /** Rejected rows of all steps so far, as the limit counts them. */
  private long rejectedForTheData() {
    return report.steps.stream().mapToLong(step -> step.rejectedForTheData).sum();
  }

  private void finish(Command command) {
    long missing = report.steps.stream().mapToLong(s -> s.missing == null ? 0 : s.missing).sum();
    if (missing > 0) {
      String message =
          missing
              + " rows that the sources justify are not in their table; look at each step's missing before you run"
              + " anything again";
      end("failed", ExitCode.MISSING);
      report.error = new Report.Failure(Stage.VERIFY.toString(), null, null, message, false);
      progress.warn("verify: " + message);
      return;
    }
    if (rejectedForTheData() > 0) {
      end("succeeded", ExitCode.REJECTED);
      return;
    }
    end(
        command == Command.PLAN || command == Command.CHECK ? "dry-run" : "succeeded",
        ExitCode.DONE);
  }

  /** Everything of the run has come to a standstill: what the writers committed is final. */
  private void stop(Stopping.Reason reason, Throwable failure) {
    if (current != null && !current.isOver(stage)) {
      if (current.isBeingWritten()) {
        countCommitted(current);
      }
      current.status = Report.STOPPED;
    }
    end(Report.STOPPED, reason.code());
    Sentences.explainStop(reason, stage, current, failure, progress);
  }

  private void fail(Throwable failure) {
    ExitCode code = ExitCode.of(failure, stage);
    if (current != null) {
      current.status = code == ExitCode.REFUSED ? "refused" : "failed";
      countCommitted(current);
    }
    report.error =
        new Report.Failure(
            stage.toString(),
            current == null ? null : current.name,
            SqlFailure.sqlState(failure).orElse(null),
            Sentences.failure(failure),
            code.retryable(failure));
    end(code == ExitCode.REFUSED ? "refused" : "failed", code);
    Sentences.explain(failure, code, report.error, progress);
  }

  /** What the batches did that are in, though the step is not done. */
  private void countCommitted(StepReport step) {
    if (stage != Stage.WRITE || step.rejected != null) {
      return;
    }
    try {
      // Tasks of it may still be writing.
      ledger.seal();
      ledger.counts(step.name).ifPresentOrElse(step::written, () -> report.countsExact = false);
    } catch (RunLedger.LedgerFailure e) {
      report.countsExact = false;
    }
  }

  private void end(String status, ExitCode code) {
    report.status = status;
    report.exitCode = code.number();
  }
}
