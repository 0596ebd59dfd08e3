package backfill.run;

import backfill.plan.InvalidPlan;
import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.postgres.change.ChangeScope;
import backfill.postgres.change.Changes;
import backfill.postgres.ledger.RunLedger;
import backfill.postgres.ledger.StepStatus;
import backfill.postgres.preflight.Preflight;
import backfill.postgres.preflight.Purpose;
import backfill.postgres.preflight.Ready;
import backfill.postgres.preflight.Shapes;
import backfill.postgres.server.Databases;
import backfill.postgres.server.Waits;
import backfill.postgres.write.Target;
import backfill.report.Command;
import backfill.report.DatabaseReports;
import backfill.report.Progress;
import backfill.report.Refusal;
import backfill.report.Report;
import backfill.report.Stage;
import backfill.report.StepReport;
import backfill.report.Stopping;
import backfill.spark.engine.Session;
import backfill.spark.query.PlanQueries;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * One run of a plan: preflight, then for the steps that share a snapshot read, flatten, diff, write
 * and verify. Whatever happens, the report says it.
 */
public final class Backfill {
  private final RunScope run;
  private final RunEnd end;
  private final Recheck recheck;
  private final List<Step> steps;
  private Changes changes = Changes.NONE;
  private ChangeScope scope;

  public Backfill(
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
  public void run(Command command) {
    run(command, CheckPrintout.NONE);
  }

  /** The same, and prints what was asked for. */
  public void run(Command command, CheckPrintout printout) {
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
      List<Step> active = steps.stream().filter(step -> !skipped(step, ready)).toList();
      scope = new ChangeScope(run.database, run.applicationName, run.plan, ready.now(), active);
      if (command == Command.CHECK) {
        check(active, ready, printout);
      } else {
        if (command == Command.RUN && !active.isEmpty()) {
          refuseUncountedCopies(active);
          openLedger(ready);
        }
        List<List<Step>> turns = Turns.of(active);
        if (command == Command.RUN && run.guards.any()) {
          countBeforeWriting(turns, ready);
        }
        try (FillSteps fills = new FillSteps(run, ready, command, recheck)) {
          for (List<Step> together : turns) {
            if (together.get(0) instanceof Step.Change change) {
              new ChangeTurn(run, change, scope, changes, command).run();
              recheck.ran();
              fills.behind(change, changes);
            } else {
              fills.run(Step.fills(together));
            }
          }
        }
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
      run.reporting();
      closeLedger();
      run.detach();
    }
  }

  private void check(List<Step> active, Ready ready, CheckPrintout printout) throws Exception {
    for (Step step : active) {
      if (ready.deferred().containsKey(step.name())) {
        continue;
      }
      run.progress.say(
          step instanceof Step.Fill fill
              ? DatabaseReports.writeRule(fill, ready)
              : DatabaseReports.writeRule(step, changes));
    }
    printout.statements(
        active,
        () ->
            new SqlListing(
                run.plan, ready, run.databases, run.applicationName, run.session, scope, changes));
  }

  private void refuseUncountedCopies(List<Step> active) {
    if (!run.plan.settings().ledger().on()
        && !Step.fills(active).isEmpty()
        && run.session.speculates()) {
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
            Stream.concat(
                    ready.targets().values().stream().map(Target::table),
                    changes.tables().values().stream())
                .map(Table::name)
                .toList(),
            ready.now(),
            run.report.labelsJson()));
  }

  /** The ledger says how it ended before anybody else may begin. */
  private void closeLedger() {
    run.report.lasts();
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
    changes
        .tables()
        .forEach(
            (step, table) -> {
              if (named(step).step() instanceof Step.Batches) {
                named(step).target = table.name().toString();
              }
            });
    if (!ready.applies()) {
      run.progress.say("preflight: only-if is false: the plan does not apply here, nothing to do");
    }
    return ready;
  }

  private Ready asked(Command command, CheckPrintout printout) {
    try (Preflight preflight =
        Preflight.open(run.plan, steps, run.databases, run.applicationName)) {
      // Before anything is asked: a person at the wrong server sees it here, ready or not.
      preflight
          .servers()
          .forEach(
              (name, servers) ->
                  run.progress.say("preflight: " + DatabaseReports.sentence(name, servers)));
      preflight.isFor(
          switch (command) {
            case PLAN -> Purpose.PLAN;
            case VERIFY -> Purpose.VERIFY;
            default -> Purpose.RUN;
          });
      preflight.askForLedger();
      try {
        if (command == Command.CHECK) {
          preflight.warnOfReplicas();
        } else {
          preflight.awaitReplicas(run::waitsFor);
        }
        Ready ready = preflight.check(this::shapes);
        changes = preflight.changes();
        preflight
            .unfinished()
            .ifPresent(
                before ->
                    run.progress.say(
                        "preflight: run %s did not come to its end; this one goes on with its :now, %s"
                            .formatted(before.runId(), before.now())));
        return ready;
      } finally {
        printout.grants(run.plan.name(), preflight);
        printout.ledger(run.plan, preflight);
      }
    }
  }

  private Shapes shapes(Plan asked, Map<String, Table> sources) {
    if (asked.steps().isEmpty()) {
      return Shapes.NONE;
    }
    PlanQueries queries = new PlanQueries(run.session.get());
    run.session.overridden().stream()
        .filter(sentence -> !run.report.warnings.contains(sentence))
        .forEach(run::warn);
    return queries.of(asked, sources);
  }

  private StepReport named(String step) {
    return run.report.steps.stream().filter(s -> s.name.equals(step)).findFirst().orElseThrow();
  }

  private boolean skipped(Step step, Ready ready) {
    boolean skipped = !ready.applies() || ready.skippedSteps().contains(step.name());
    if (skipped) {
      run.reportOf(step).status = StepStatus.SKIPPED;
      run.progress.say("step " + step.name() + ": skipped, only-if is false");
    }
    return skipped;
  }

  /**
   * Steps of one snapshot are counted before any of them writes anyway; those of later ones must be
   * counted once more than they would be, or an earlier step were written when they are refused.
   */
  private void countBeforeWriting(List<List<Step>> turns, Ready ready) throws Exception {
    if (turns.size() == 1
        && SnapshotGroups.of(run.plan, ready, Step.fills(turns.get(0))).size() <= 1) {
      return;
    }
    run.progress.say("limits: all steps are counted before one writes");
    List<Refusal> refusals = new ArrayList<>();
    try (FillSteps fills = new FillSteps(run, ready, Command.RUN, recheck)) {
      for (List<Step> together : turns) {
        if (together.get(0) instanceof Step.Change change) {
          refusals.addAll(new ChangeTurn(run, change, scope, changes, Command.RUN).count());
          fills.behind(change, changes);
        } else {
          refusals.addAll(fills.count(Step.fills(together)));
        }
      }
    }
    run.refuse(refusals);
  }
}
