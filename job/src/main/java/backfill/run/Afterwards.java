package backfill.run;

import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.postgres.server.TableName;
import backfill.postgres.write.DeadRows;
import backfill.postgres.write.TableAnalysis;
import backfill.report.Stage;
import backfill.report.StepReport;
import backfill.report.StepReportBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToLongFunction;

/**
 * Sees to the tables that no later step of a run writes: one that grew by more than a tenth is
 * analyzed, and of one in which many rows were set or deleted it says which VACUUM is due. None of
 * it ends a run.
 */
final class Afterwards {
  private final RunScope run;
  private final Schedule.Written written;
  private final StepReportBuilder report;

  Afterwards(RunScope run, Schedule.Written written) {
    this.run = run;
    this.written = written;
    this.report = run.reportOf(written.last());
  }

  /** Once its last step has written it. */
  void see() {
    report.timed(
        Stage.WRITE,
        () -> {
          Boolean analyzed = analyzed();
          List<DeadRows> dead = dead();
          report.upkeep(
              new StepReport.Upkeep(
                  analyzed,
                  dead.stream()
                      .filter(of -> of.table().equals(written.table()))
                      .mapToLong(DeadRows::rows)
                      .sum(),
                  DeadRows.due(dead)));
        });
  }

  private long of(ToLongFunction<StepReport> count) {
    return written.steps().stream().map(step -> run.reportOf(step).now()).mapToLong(count).sum();
  }

  /** Null where it is not due, or not wanted. */
  private Boolean analyzed() {
    long added = of(step -> step.inserted() == null ? 0 : step.inserted());
    if (added == 0
        || written.analyze() == Settings.Analyze.OFF
        || !TableAnalysis.isDue(before(), added)) {
      return null;
    }
    enter("statistics");
    Optional<String> why =
        TableAnalysis.of(run.database, run.applicationName, run.plan.settings(), written.table());
    run.stopping.check();
    if (why.isPresent()) {
      run.warn(
          "afterwards: %s grew by more than a tenth, and %s".formatted(written.table(), why.get()));
      return false;
    }
    run.progress.say(
        "afterwards: analyzed %s, which grew by more than a tenth".formatted(written.table()));
    return true;
  }

  private void enter(String what) {
    run.enter(Stage.WRITE, written.last(), written.table() + ", " + what, 0);
  }

  /**
   * How many rows it had when the first step read it; of a step's own rows the server knows all.
   */
  private long before() {
    StepReport.Diffed first =
        written.steps().stream()
            .map(step -> run.reportOf(step).now().diffed())
            .filter(diffed -> diffed.plan() != null)
            .findFirst()
            .orElseThrow();
    return first.owns() == null
        ? first.plan().targetRows()
        : Math.max(
            first.plan().targetRows(),
            TableAnalysis.knownRows(run.database, run.applicationName, written.table()));
  }

  private List<DeadRows> dead() {
    Map<TableName, Long> changed = new LinkedHashMap<>();
    changed.put(written.table(), of(StepReport::updatedOrDeleted));
    for (Step step : written.steps()) {
      Map<String, Long> along = run.reportOf(step).now().cascaded();
      if (along != null) {
        along.forEach((table, rows) -> changed.merge(TableName.shown(table), rows, Long::sum));
      }
    }
    changed.values().removeIf(rows -> rows == 0);
    List<DeadRows> dead = new ArrayList<>();
    if (!changed.isEmpty()) {
      enter("dead rows");
    }
    changed.forEach((table, rows) -> look(table, rows).ifPresent(dead::add));
    return dead;
  }

  private Optional<DeadRows> look(TableName table, long changed) {
    try {
      DeadRows dead =
          DeadRows.in(
              run.database,
              run.applicationName,
              run.plan.settings(),
              table,
              changed,
              Duration.between(run.report.startedAt(), Instant.now()));
      tell(run, dead);
      return Optional.of(dead);
    } catch (IllegalStateException e) {
      run.stopping.check();
      run.warn("afterwards: " + e.getMessage());
      return Optional.empty();
    }
  }

  /** A warning where no one else will see to it. */
  private static void tell(RunScope run, DeadRows dead) {
    if (dead.isVacuumDue() && dead.autovacuum()) {
      run.progress.say("afterwards: " + dead.sentence());
    } else if (dead.isVacuumDue()) {
      run.warn("afterwards: " + dead.sentence());
    }
  }
}
