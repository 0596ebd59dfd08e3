package backfill.run;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.postgres.change.FoundChangeTargets;
import backfill.postgres.preflight.Preflight;
import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.preflight.Purpose;
import backfill.postgres.preflight.QueryShapes;
import backfill.postgres.preflight.Shapes;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.undo.Undoable;
import backfill.report.Command;
import backfill.report.ReportedDatabase;
import backfill.spark.query.PlanQueries;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Asks the servers, and this machine, for all that a run needs, and puts what they answer into the
 * report and the log. Asked once.
 */
final class PreflightAsking {
  private final RunScope run;
  private final List<Step> steps;
  private FoundChangeTargets changes = FoundChangeTargets.NONE;

  /**
   * @param steps those that were chosen
   */
  PreflightAsking(RunScope run, List<Step> steps) {
    this.run = run;
    this.steps = List.copyOf(steps);
  }

  /**
   * @throws NotReadyException with every reason why the plan can't be run
   */
  PreflightResult ask(Command command, CheckPrintout printout) {
    PreflightResult ready = asked(command, printout);
    run.report.answered(ReportedDatabase.of(ready, run.plan));
    ready.warnings().forEach(run::warn);
    reportTargets(ready);
    if (!ready.applies()) {
      run.progress.say("preflight: only-if is false: the plan does not apply here, nothing to do");
    }
    if (command.purpose != Purpose.VERIFY) {
      tellWhatStays();
    }
    return ready;
  }

  /** The targets of steps that change rows or tables where they are; none before it was asked. */
  FoundChangeTargets changes() {
    return changes;
  }

  private PreflightResult asked(Command command, CheckPrintout printout) {
    List<String> missing = command.purpose == Purpose.RUN ? run.hooks.missing() : List.of();
    try {
      PreflightResult ready = askedOfServers(command, printout);
      if (!missing.isEmpty()) {
        throw new NotReadyException(missing);
      }
      return ready;
    } catch (NotReadyException e) {
      throw missing.isEmpty() || e.reasons().equals(missing)
          ? e
          : new NotReadyException(
              Stream.concat(missing.stream(), e.reasons().stream()).toList(), false, e);
    }
  }

  private PreflightResult askedOfServers(Command command, CheckPrintout printout) {
    try (Preflight preflight =
        Preflight.open(run.plan, steps, run.databases, run.applicationName)) {
      // Before anything is asked: a person at the wrong server sees it here, ready or not.
      preflight
          .servers()
          .forEach(
              (name, servers) ->
                  run.progress.say("preflight: " + ReportedDatabase.sentence(name, servers)));
      preflight.isFor(command.purpose);
      preflight.askForLedger();
      try {
        if (command == Command.CHECK) {
          preflight.warnOfReplicas();
        } else {
          preflight.awaitReplicas(run::waitsFor);
        }
        PreflightResult ready = preflight.check(this::shapes);
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

  private void reportTargets(PreflightResult ready) {
    ready
        .targets()
        .forEach((step, target) -> run.report.step(step).found(target.table().name().toString()));
    changes
        .tables()
        .forEach(
            (step, table) -> {
              if (run.report.step(step).step() instanceof Step.InPlace) {
                run.report.step(step).found(table.name().toString());
              }
            });
  }

  /** What undo could not take back is said before it is done. */
  private void tellWhatStays() {
    List<String> stays = new ArrayList<>();
    for (Step step : steps) {
      Undoable.cannot(step, run.plan.settings())
          .ifPresent(
              reason -> {
                run.report.step(step.name()).cannotBeUndone(reason);
                stays.add("step " + step.name() + " (" + reason + ")");
              });
    }
    if (!stays.isEmpty()) {
      run.progress.say("preflight: undo could not take back " + String.join(", ", stays));
    }
  }

  /** The columns of queries, as Spark finds them. */
  Shapes shapes(Plan asked, Map<String, Table> sources, QueryShapes.Known known) {
    if (asked.steps().isEmpty()) {
      return Shapes.NONE;
    }
    PlanQueries queries = new PlanQueries(run.session.get());
    run.session.overridden().forEach(run::warnOnce);
    return queries.of(asked, sources, known);
  }
}
