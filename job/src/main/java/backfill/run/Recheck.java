package backfill.run;

import backfill.plan.Step;
import backfill.postgres.preflight.Deferred;
import backfill.postgres.preflight.Preflight;
import backfill.postgres.preflight.QueryShapes;
import backfill.postgres.preflight.Ready;
import backfill.postgres.server.NotReady;
import backfill.postgres.server.TableName;
import backfill.report.Sentences;
import backfill.report.Stage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Looks at the tables of some steps once more, right before they run behind others: what an earlier
 * step was to make is there by then, or they cannot run.
 */
final class Recheck {
  private final RunScope run;
  private final QueryShapes shapes;
  private boolean ran;

  Recheck(RunScope run, QueryShapes shapes) {
    this.run = run;
    this.shapes = shapes;
  }

  /** A step ran that is none of those below. */
  void ran() {
    ran = true;
  }

  /**
   * What these steps find now, beside what others found. The first of a run find what preflight
   * just did.
   *
   * @param before what was found so far
   * @throws NotReady naming what is wrong, and the steps that are done
   */
  Ready before(List<Step.Fill> together, Ready before) {
    boolean behindOthers = ran;
    ran = true;
    if (!behindOthers
        && together.stream().noneMatch(step -> before.deferred().containsKey(step.name()))) {
      return before;
    }
    Step.Fill first = together.get(0);
    run.enter(Stage.PREFLIGHT, first, first.name() + ", again", 0);
    try {
      Ready now =
          Preflight.again(run.plan, together, run.databases, run.applicationName, shapes, before);
      now.warnings().stream()
          .filter(warning -> !run.report.warnings.contains(warning))
          .forEach(run::warn);
      together.forEach(
          step ->
              run.reportOf(step).target = now.targets().get(step.name()).table().name().toString());
      return before.with(now, together);
    } catch (NotReady e) {
      List<String> reasons = new ArrayList<>(e.reasons());
      List<String> done = Sentences.doneSteps(run.report);
      if (!done.isEmpty()) {
        reasons.add("done before it, whole: " + String.join(", ", done));
      }
      throw new NotReady(reasons, e.retryable(), e);
    }
  }

  /** Those of the steps whose rows can be counted before any of them runs; says which cannot. */
  List<Step.Fill> countable(List<Step.Fill> steps, Ready ready) {
    List<Step.Fill> countable = new ArrayList<>();
    Set<TableName> filled = new HashSet<>();
    for (Step.Fill step : steps) {
      Deferred deferred = ready.deferred().get(step.name());
      TableName target = ready.targets().get(step.name()).table().name();
      // Of a table that is not there no one can say what the second step to fill it would see.
      boolean first = filled.add(target);
      if (deferred == null || deferred.countable() && first) {
        countable.add(step);
      } else {
        run.warn(
            "step "
                + step.name()
                + ": its rows can only be counted once it runs: "
                + deferred.reason());
      }
    }
    return countable;
  }
}
