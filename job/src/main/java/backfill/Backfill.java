package backfill;

import backfill.plan.InvalidPlan;
import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.Databases;
import backfill.postgres.Preflight;
import backfill.postgres.Ready;
import backfill.postgres.RunLedger;
import backfill.postgres.Waits;
import backfill.spark.PlanQueries;
import backfill.spark.Session;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * One run of a plan: preflight, then for the steps that share a snapshot read, flatten, diff, write
 * and verify. Whatever happens, the report says it.
 */
final class Backfill {
  private final RunScope run;
  private final RunEnd end;
  private final Recheck recheck;
  private final List<Step> steps;

  Backfill(
      Plan plan,
      List<Step> steps,
      Databases databases,
      Session session,
      Report report,
      Progress progress,
      Stopping stopping) {
    this.run = new RunScope(plan, databases, session, report, progress, stopping);
    this.end = new RunEnd(run);
    this.recheck = new Recheck(run, this::shapes);
    this.steps = steps;
  }

  /** Takes the plan as far as the command says and fills in the report. */
  void run(Command command) {
    run(command, CheckPrintout.NONE);
  }

  /** Likewise, and prints what was asked for. */
  void run(Command command, CheckPrintout printout) {
    run.report.plan = run.plan.name();
    run.report.planHash = run.plan.hash();
    run.report.params.putAll(run.plan.params());
    steps.forEach(step -> run.report.steps.add(run.reportOf(step)));
    try (Brake brake =
            new Brake(run.stopping, run.session, run.databases, run.applicationName, run.progress);
        Waits waits = new Waits(run.databases, run.applicationName)) {
      brake.ready();
      run.progress.watch(waits);
      Ready ready = preflight(command, printout);
      List<Step.Fill> active =
          Step.fills(steps.stream().filter(step -> !skipped(step, ready)).toList());
      if (command == Command.CHECK) {
        active.stream()
            .filter(step -> !ready.deferred().containsKey(step.name()))
            .forEach(
                step ->
                    run.progress.say(
                        DatabaseReports.writeRule(step, ready.targets().get(step.name()))));
        printout.statements(
            active,
            () -> new SqlListing(run.plan, ready, run.databases, run.applicationName, run.session));
      } else {
        if (command == Command.RUN && !active.isEmpty()) {
          refuseUncountedCopies();
          openLedger(ready);
        }
        new FillSteps(run, ready, command, recheck).run(active);
      }
      end.finish(command);
    } catch (
        Throwable failure) { // NOPMD: the process's one place where anything becomes an exit code
      if (run.stopping.reason().isPresent()) {
        end.stop(run.stopping.reason().get(), failure);
      } else {
        end.fail(failure);
      }
    } finally {
      closeLedger();
      run.detach();
    }
  }

  private void refuseUncountedCopies() {
    if (!run.plan.settings().ledger().on() && run.session.speculates()) {
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
    run.progress.doing(Stage.PREFLIGHT, "ledger", 0);
    run.keep(
        RunLedger.open(
            run.database,
            run.applicationName,
            UUID.fromString(run.report.runId),
            run.plan,
            ready.targets().values(),
            ready.now(),
            run.report.labelsJson()));
  }

  /** The ledger says how it ended before anybody else may begin. */
  private void closeLedger() {
    try (RunLedger closing = run.ledger()) {
      closing.end(run.report.status, run.report.json());
    } catch (RunLedger.LedgerFailure e) {
      run.warn("report: " + e.getMessage());
    }
  }

  private Ready preflight(Command command, CheckPrintout printout) {
    run.enter(Stage.PREFLIGHT, null, run.databases.toString(), 0);
    Ready ready = asked(command, printout);
    run.report.databases.putAll(DatabaseReports.of(ready, run.plan));
    ready.warnings().forEach(run::warn);
    ready
        .targets()
        .forEach((step, target) -> named(step).target = target.table().name().toString());
    if (!ready.applies()) {
      run.progress.say("preflight: only-if is false: the plan does not apply here, nothing to do");
    }
    return ready;
  }

  private Ready asked(Command command, CheckPrintout printout) {
    try (Preflight preflight =
        Preflight.open(run.plan, steps, run.databases, run.applicationName)) {
      // Before anything is asked: whoever is at the wrong server sees it here, ready or not.
      preflight
          .servers()
          .forEach(
              (name, servers) ->
                  run.progress.say("preflight: " + DatabaseReports.sentence(name, servers)));
      if (command == Command.RUN || command == Command.CHECK) {
        preflight.askForLedger();
      }
      try {
        return preflight.check(this::shapes);
      } finally {
        printout.grants(run.plan.name(), preflight);
      }
    }
  }

  private backfill.postgres.Shapes shapes(
      Plan asked, Map<String, backfill.postgres.Table> sources) {
    return new PlanQueries(run.session.get()).of(asked, sources);
  }

  private StepReport named(String step) {
    return run.report.steps.stream().filter(s -> s.name.equals(step)).findFirst().orElseThrow();
  }

  private boolean skipped(Step step, Ready ready) {
    boolean skipped = !ready.applies() || ready.skippedSteps().contains(step.name());
    if (skipped) {
      run.reportOf(step).status = "skipped";
      run.progress.say("step " + step.name() + ": skipped, only-if is false");
    }
    return skipped;
  }
}
