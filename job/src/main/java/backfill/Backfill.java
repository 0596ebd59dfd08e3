package backfill;

import backfill.plan.InvalidPlan;
import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.Database;
import backfill.postgres.OpenTransactions;
import backfill.postgres.Preflight;
import backfill.postgres.Ready;
import backfill.postgres.RunLedger;
import backfill.postgres.SqlFailure;
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
      Progress progress) {
    this.plan = plan;
    this.steps = steps;
    this.database = database;
    this.session = session;
    this.report = report;
    this.progress = progress;
    // PostgreSQL keeps 63 bytes of a name; a writer's number and the like must fit behind it.
    String name = "backfill " + plan.name();
    this.applicationName = name.length() > 48 ? name.substring(0, 48) : name;
  }

  /** Takes the plan as far as the command says and fills in the report. */
  void run(Command command) {
    report.plan = plan.name();
    report.planHash = plan.hash();
    report.params.putAll(plan.params());
    steps.forEach(step -> report.steps.add(reportOf(step)));
    try (Waits waits = new Waits(database, applicationName)) {
      progress.watch(waits);
      Ready ready = preflight();
      if (command != Command.CHECK) {
        List<Step> active = steps.stream().filter(step -> !skipped(step, ready)).toList();
        if (command == Command.RUN && !active.isEmpty()) {
          refuseUncountedCopies();
          openLedger(ready);
        }
        for (List<Step> together : SnapshotGroups.of(plan, ready, active)) {
          new Group(together, ready, command).run();
        }
      }
      finish(command);
    } catch (
        Throwable failure) { // NOPMD: the process's one place where anything becomes an exit code
      fail(failure);
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

  private Ready preflight() {
    enter(Stage.PREFLIGHT, null, database.toString(), 0);
    Ready ready = Preflight.check(plan, steps, database, this::shapes);
    report.databases.put("main", DatabaseReports.of(ready, plan));
    progress.say("preflight: " + DatabaseReports.sentence(ready));
    ready.warnings().forEach(this::warn);
    ready
        .targets()
        .forEach((step, target) -> named(step).target = target.table().name().toString());
    if (!ready.applies()) {
      progress.say("preflight: only-if is false: the plan does not apply here, nothing to do");
    }
    return ready;
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

  private void warn(String warning) {
    report.warnings.add(warning);
    progress.warn(warning);
  }

  private void enter(Stage entered, Step step, String what, long total) {
    stage = entered;
    current = step == null ? null : reportOf(step);
    progress.doing(entered, what, total);
    if (entered != Stage.PREFLIGHT) {
      session.get().sparkContext().setJobGroup(entered.toString(), entered + " " + what, false);
    }
  }

  /** The steps that share one snapshot, on their way through the stages. */
  private final class Group {
    private final List<Step> together;
    private final Ready ready;
    private final Command command;
    private final List<StepRun> runs = new ArrayList<>();
    private final Map<StepRun, WriteCounts> written = new LinkedHashMap<>();

    Group(List<Step> together, Ready ready, Command command) {
      this.together = together;
      this.ready = ready;
      this.command = command;
    }

    void run() throws Exception {
      if (activity == null) {
        activity = Activity.of(session.get());
        progress.count(activity);
      }
      try (Reading reading = begin()) {
        read(reading);
        for (StepRun run : runs) {
          flatten(run);
          diff(run);
        }
        if (command == Command.RUN) {
          runs.forEach(this::write);
          verify();
        }
      } finally {
        runs.forEach(StepRun::close);
      }
    }

    private Reading begin() throws Exception {
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

    private void read(Reading reading) {
      for (Step step : together) {
        timed(
            Stage.READ,
            step,
            () -> {
              long before = reading.statements();
              reading.sources(
                  step,
                  name -> enter(Stage.READ, step, name, 0),
                  (name, rows) -> progress.say(String.format("read %s: %,d rows", name, rows)));
              StepRun run = StepRuns.of(step, ready.targets().get(step.name()), plan);
              runs.add(run);
              enter(Stage.READ, step, reportOf(step).target, 0);
              reading.target(run);
              reportOf(step).read.putAll(reading.rowsOf(step));
              reportOf(step).statements = reading.statements() - before;
            });
      }
      reading.release();
      report.databases.get("main").snapshots().add(DatabaseReports.of(reading));
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
            StepPlan planned = run.diff();
            reportOf(step).planned(planned);
            progress.say("diff " + step.name() + ": " + Sentences.planned(planned));
            if (command == Command.PLAN && run.gains() != null) {
              reportOf(step).gains = GainsReport.of(run.gains());
            }
            if (command == Command.VERIFY) {
              reportOf(step).missing = planned.toWrite();
            }
          });
      reportOf(step).status = "done";
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
              counts = run.write(Sinks.of(run, ready, plan, database, applicationName, ledger));
              counts = ledger.counts(step.name()).orElse(counts);
            }
            written.put(run, counts);
            stepReport.written(counts);
            report.countsExact &= counts.exact();
            stepReport.status = "done";
          });
      progress.say("write " + step.name() + ": " + Sentences.written(reportOf(step)));
    }

    private void verify() throws Exception {
      enter(Stage.VERIFY, together.get(0), "transactions open at our last commit", 0);
      if (!OpenTransactions.now(database, applicationName)
          .endWithin(plan.settings().verify().waitFor())) {
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
                reportOf(step).statements += reading.statements() - before;
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
    end(
        command == Command.PLAN || command == Command.CHECK ? "dry-run" : "succeeded",
        ExitCode.DONE);
  }

  private void fail(Throwable failure) {
    ExitCode code = ExitCode.of(failure, stage);
    if (current != null) {
      current.status = "failed";
      countCommitted(current);
    }
    report.error =
        new Report.Failure(
            stage.toString(),
            current == null ? null : current.name,
            SqlFailure.sqlState(failure).orElse(null),
            Sentences.failure(failure),
            code.retryable(failure));
    end("failed", code);
    Sentences.explain(failure, code, report.error, progress);
  }

  /** What the batches did that are in, though the step is not done. */
  private void countCommitted(StepReport step) {
    if (stage != Stage.WRITE) {
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
