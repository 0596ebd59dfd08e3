package backfill.run;

import backfill.plan.Source;
import backfill.plan.Step;
import backfill.plan.sql.Placeholders;
import backfill.postgres.change.LastRuns;
import backfill.postgres.preflight.PreflightResult;
import backfill.report.Sentences;
import backfill.report.StepReportBuilder;
import backfill.spark.step.DiffCounts;
import backfill.spark.step.PlannedKeys;
import backfill.spark.step.StepRun;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Says before a step writes that it would give back what was taken away since the last run. The
 * ledger knows how many rows that run left, and the tables which of theirs are newer than it.
 */
final class GivenBack {
  private final RunScope run;
  private final PreflightResult ready;
  private final LastRuns last;

  GivenBack(RunScope run, PreflightResult ready, LastRuns last) {
    this.run = run;
    this.ready = ready;
    this.last = last;
  }

  /** Warns, and puts into the report how many rows are known to come back. */
  void warn(StepRun step, DiffCounts planned, Optional<LastRuns.Left> left) throws Exception {
    if (left.isEmpty()) {
      return;
    }
    if (planned.toInsert() != null && planned.toInsert() > 0) {
      inserts(step, planned, left.get());
    } else if (planned.toInsert() != null) {
      run.reportOf(step.step()).takenAway(0L);
    }
    if (planned.toUpdate() != null && planned.toUpdate() > 0) {
      updates(step, planned, left.get());
    }
  }

  private void inserts(StepRun step, DiffCounts planned, LastRuns.Left left) throws Exception {
    StepReportBuilder report = run.reportOf(step.step());
    long rows = planned.toInsert();
    if (onlyOldRows(step.step(), left)) {
      long takenAway = Math.max(0, rows - left.absent());
      report.takenAway(takenAway);
      if (takenAway > 0) {
        say(
            step,
            "%s to insert in %s %s what was taken away since %s: they were there then, and no row of its sources is newer",
            (left.absent() == 0 ? "" : "of ") + Sentences.rows(rows),
            step.target().table().name(),
            left.absent() == 0
                ? rows == 1 ? "gives back" : "give back"
                : "at least %,d give back".formatted(takenAway),
            left);
      }
      return;
    }
    OptionalLong before = left.rows();
    if (before.isPresent()) {
      long gone = Math.max(0, before.getAsLong() - planned.targetRows());
      report.takenAway(gone == 0 ? 0L : null);
      if (gone > 0) {
        say(
            step,
            "%s left %s in %s, and %,d of the step's are there now: at least %,d went since. What of that the sources"
                + " still justify is among the %,d to insert, and is given back",
            left,
            Sentences.rows(before.getAsLong()),
            step.target().table().name(),
            planned.targetRows(),
            gone,
            rows);
      }
    }
  }

  /** Once, however often the step is counted. */
  private void say(StepRun step, String words, Object... of) {
    run.warnOnce("step " + step.step().name() + ": " + String.format(Locale.ROOT, words, of));
  }

  /**
   * Whether nothing can be justified now that was not when that run read: with fewer rows, grants
   * and memberships give fewer pairs.
   */
  private boolean onlyOldRows(Step.Fill step, LastRuns.Left left) throws Exception {
    if (!(step instanceof Step.Pairs pairs) || !left.samePlan() || !left.verified()) {
      return false;
    }
    List<Source> sources = pairs.reads().stream().map(run.plan.sources()::get).toList();
    if (sources.stream().anyMatch(source -> source == null || !isLasting(source))) {
      return false;
    }
    return last.allWereThere(
            left, sources.stream().map(source -> ready.sources().get(source.name())).toList())
        .orElse(false);
  }

  /** Whether no step of the plan fills it: a dry run sees it as that one would leave it. */
  private boolean isNobodysTarget(Source source) {
    long table = ready.sources().get(source.name()).oid();
    return ready.targets().values().stream().noneMatch(target -> target.table().oid() == table);
  }

  /** Whether a row's place among the source's rows depends on the row alone. */
  private boolean isLasting(Source source) {
    String where = source.where().orElse("");
    return ready.isMain(source.database())
        && isNobodysTarget(source)
        && source.keyedBy().isEmpty()
        && !Placeholders.names(where).contains("now")
        && !where
            .toLowerCase(Locale.ROOT)
            .matches("(?s).*\\b(select|now|current_\\w+|\\w+_timestamp|random)\\b.*");
  }

  private void updates(StepRun step, DiffCounts planned, LastRuns.Left left) throws Exception {
    Optional<List<String[]>> keys = PlannedKeys.toSet(step);
    if (keys.isEmpty()) {
      return;
    }
    OptionalLong changed =
        last.writtenByOthers(left, step.target().table(), step.step().key(), keys.get());
    if (changed.isPresent() && changed.getAsLong() > 0) {
      say(
          step,
          "of %s to set in %s others wrote %,d since %s: what was taken away there is given back",
          Sentences.rows(planned.toUpdate()),
          step.target().table().name(),
          changed.getAsLong(),
          left);
    }
  }
}
