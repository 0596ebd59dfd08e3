package backfill;

import backfill.plan.Step;
import backfill.postgres.Deferred;
import backfill.postgres.NotReady;
import backfill.postgres.Preflight;
import backfill.postgres.QueryShapes;
import backfill.postgres.Ready;
import java.util.ArrayList;
import java.util.List;

/**
 * Looks at the tables of some steps once more, right before they run behind others: what an earlier
 * step was to make is there by then, or they cannot run.
 */
final class Recheck {
  private final RunScope run;
  private final QueryShapes shapes;

  Recheck(RunScope run, QueryShapes shapes) {
    this.run = run;
    this.shapes = shapes;
  }

  /**
   * What these steps find now.
   *
   * @param before what was found when the run began
   * @throws NotReady naming what is wrong, and the steps that are done
   */
  Ready of(List<Step.Fill> together, Ready before) {
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
      return now;
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
    for (Step.Fill step : steps) {
      Deferred deferred = ready.deferred().get(step.name());
      if (deferred == null || deferred.countable()) {
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
