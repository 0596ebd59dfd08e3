package backfill.run;

import backfill.plan.Never;
import backfill.plan.Step;
import backfill.postgres.catalog.Column;
import backfill.postgres.preflight.PreflightResult;
import backfill.report.Refusal;
import backfill.report.Stage;
import backfill.spark.read.Reading;
import backfill.spark.step.ForbiddenRows;
import backfill.spark.step.ForeseenRows;
import backfill.spark.step.StepRun;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Asks what a plan must never do of what one walk counts: each check once, as soon as the last of
 * the steps that it is about is counted, and before any of that turn is written.
 */
final class NeverChecks {
  private final RunScope run;
  private final List<Step> active;
  private final Map<String, StepRun> counted = new HashMap<>();
  private final Set<String> unknown = new HashSet<>();
  private final Set<String> asked = new HashSet<>();

  /**
   * @param active the steps of the walk; the rows of every other step are none
   */
  NeverChecks(RunScope run, List<Step> active) {
    this.run = run;
    this.active = active;
  }

  /** The steps of a walk that a check is about; of one that is about the sources, the first. */
  static List<Step> stepsOf(Never check, List<Step> active) {
    List<Step> about = active.stream().filter(check::isAbout).toList();
    return check.relations().isEmpty() ? about.stream().limit(1).toList() : about;
  }

  /** What it would do is not known before it runs. */
  void isUnknown(Step.Fill step) {
    unknown.add(step.name());
  }

  /** What it would do is counted. */
  void isCounted(StepRun step) {
    counted.put(step.step().name(), step);
  }

  /** Whether what a step would do is still to be asked about. */
  boolean waitsFor(Step step) {
    return run.plan.never().stream()
        .anyMatch(check -> !asked.contains(check.name()) && stepsOf(check, active).contains(step));
  }

  /**
   * Asks those that are due.
   *
   * @param reading of the last steps that were counted
   * @return what must not happen and would
   */
  List<Refusal> ask(PreflightResult ready, Reading reading) {
    List<Refusal> refusals = new ArrayList<>();
    for (Never check : run.plan.never()) {
      List<Step> about = stepsOf(check, active);
      boolean due =
          !about.isEmpty()
              && about.stream()
                  .allMatch(step -> counted.containsKey(step.name()) || isUnknown(step.name()));
      if (due && asked.add(check.name())) {
        Step last = about.get(about.size() - 1);
        run.reportOf(last).timed(Stage.DIFF, () -> ask(check, about, ready, reading, refusals));
      }
    }
    return refusals;
  }

  private boolean isUnknown(String step) {
    return unknown.contains(step);
  }

  private void ask(
      Never check,
      List<Step> about,
      PreflightResult ready,
      Reading reading,
      List<Refusal> refusals) {
    Step last = about.get(about.size() - 1);
    Map<String, List<Column>> columns = ready.shapes().never().get(check.name());
    if (columns == null || about.stream().anyMatch(step -> isUnknown(step.name()))) {
      run.warnOnce(
          "never %s: asked only once step %s runs: what it would do is not known before"
              .formatted(check.name(), last.name()));
      return;
    }
    run.enter(Stage.DIFF, last, "never " + check.name(), 0);
    ForbiddenRows found =
        reading.verify(
            (reader, sources) -> {
              check
                  .relations()
                  .forEach(
                      relation ->
                          ForeseenRows.makeKnown(
                              sources.session(),
                              relation,
                              counted.get(relation.step().name()),
                              columns.get(relation.name()),
                              reader));
              return ForbiddenRows.of(sources.query(check.query()));
            });
    run.report.asked(check, found.count());
    run.progress.say(
        "diff never %s: %s".formatted(check.name(), found.count() == 0 ? "no row" : found));
    if (found.count() > 0) {
      refusals.add(Refusal.withoutCure(last, "never " + check.name() + " " + found));
    }
  }
}
