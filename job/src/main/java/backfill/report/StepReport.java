package backfill.report;

import backfill.plan.Step;
import backfill.postgres.change.BatchesCount;
import backfill.postgres.ledger.Rejection;
import backfill.postgres.ledger.StepCounts;
import backfill.postgres.ledger.StepStatus;
import backfill.postgres.ledger.WriteCounts;
import backfill.spark.read.LeftOut;
import backfill.spark.step.RowsToSet;
import backfill.spark.step.StepPlan;
import backfill.spark.step.Verified;
import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What the report says of one step, filled in stage by stage. A count that is not known, or that
 * the step's kind does not have, is null; it is never left out.
 */
@JsonAutoDetect(fieldVisibility = JsonAutoDetect.Visibility.ANY)
@JsonInclude(JsonInclude.Include.ALWAYS)
@JsonPropertyOrder({"name", "kind", "target", "status"})
public final class StepReport {
  public final String name;
  public final String kind;
  public String target;
  public StepStatus status = StepStatus.PENDING;
  public Map<String, Long> read = new LinkedHashMap<>();
  public Long planned;
  public Long alreadyPresent;
  Long foreign;
  Long toInsert;
  public Long toUpdate;
  public Long toDelete;
  public Long inserted;
  Long conflicts;
  public Long updated;
  Long unchanged;
  Long deleted;
  Long stayed;
  public Map<String, Long> cascaded;
  Long absent;
  Long changedMeanwhile;
  public Long rejected;
  public List<Rejection> rejections;
  Long surplus;
  Map<String, Long> unmatched;
  public Long missing;
  public Long addedMeanwhile;
  Long revokedMeanwhile;
  Long statements;
  public Long retries;
  public Long sequenceValues;

  /** Sequence to the value that it was set forward to; null where the step fills none by itself. */
  public Map<String, Long> sequencesSet;

  Long lockWaitMs;
  Long throttledMs;
  Long durationMs;
  final Map<String, Long> stages = new LinkedHashMap<>();

  /** Column to number of rows in which it changes; an update has it. */
  Map<String, Long> changes;

  /** Source to the rows of its table that it does not give. */
  public Map<String, LeftOut> leftOut = new LinkedHashMap<>();

  /** Rows of the step's that the target had when it was read. */
  Long targetRows;

  /** Which rows of the target are the step's, its parameters written in; null for all. */
  public String owns;

  /**
   * Of the rows to insert those that were there after the last run, at least; null where there was
   * none, or it is not known.
   */
  public Long takenAway;

  /** Who gains most; a dry run of a step that adds for users or objects has it. */
  public GainsReport gains;

  /** Who loses most; a dry run of a step that deletes from users or objects has it. */
  public GainsReport.LossesReport losses;

  /** Which rows would be set, column by column, the first ten; a dry run has it. */
  public List<RowsToSet> toSet;

  /** Of the rejected rows those that the run's limit counts. */
  public @JsonIgnore long rejectedForTheData;

  /** Of the rows that stayed those that the server refused to delete. */
  @JsonIgnore long undeletable;

  /** What the diff decided; null until then, and for a change. */
  @JsonIgnore private StepPlan planOf;

  /** Whether a new row takes a value of a sequence. */
  public @JsonIgnore boolean numbersRows = true;

  /** Whether rows are copied: those of a batch that meets a conflict are then sent again. */
  public @JsonIgnore boolean copies;

  @JsonIgnore private final Step step;

  public StepReport(Step step) {
    this.step = step;
    this.name = step.name();
    this.target = step.target();
    this.kind = step.getClass().getSimpleName().toLowerCase(Locale.ROOT);
  }

  public Step step() {
    return step;
  }

  /** What was read for it; statements add up where it is read more than once. */
  public void read(Map<String, Long> rows, long sent) {
    read.putAll(rows);
    sent(sent);
  }

  /** Statements that read or wrote rows. */
  public void sent(long more) {
    statements = (statements == null ? 0 : statements) + more;
  }

  /** What the diff decided. */
  public void planned(StepPlan plan) {
    planned = plan.planned();
    alreadyPresent = plan.present();
    foreign = plan.foreign();
    toInsert = plan.toInsert();
    toUpdate = plan.toUpdate();
    toDelete = plan.toDelete();
    unchanged = plan.unchanged();
    absent = plan.absent();
    surplus = plan.surplus();
    unmatched = plan.unmatched().isEmpty() ? null : plan.unmatched();
    changes = plan.changes().isEmpty() ? null : plan.changes();
    targetRows = plan.targetRows();
    planOf = plan;
    if (plan.unfit() > 0) {
      rejected = plan.unfit();
      rejections = plan.rejections();
    }
  }

  /** The rows that no statement can write count as rejected, from the write on. */
  public void rejectUnfit() {
    rejectedForTheData = planOf.unfit();
    rejections = planOf.rejections();
  }

  /** What a step of batches has to do, and what goes along. */
  public void foretold(Step.Batches batches, BatchesCount.Foretold foretold) {
    cascaded = foretold.cascaded().orElse(null);
    sent(foretold.rows().isPresent() ? 1 : 0);
    counted(batches, foretold.rows().orElse(null));
  }

  /** How many rows a step of batches has to do; null where that is not known. */
  public void counted(Step.Batches batches, Long rows) {
    planned = rows;
    if (batches.deletes()) {
      toDelete = rows;
    } else {
      toUpdate = rows;
    }
  }

  /** How many rows are to be written. */
  public long toWrite() {
    return planOf != null
        ? planOf.toWrite()
        : (toUpdate == null ? 0 : toUpdate) + (toDelete == null ? 0 : toDelete);
  }

  /** Whether it is known what writers did. */
  public boolean isCounted() {
    return inserted != null || updated != null || deleted != null;
  }

  /** Whether writers were at work when it was last looked at. */
  public boolean isBeingWritten() {
    return status == StepStatus.WRITING;
  }

  /** Whether nothing of the step was left to do in this stage. */
  public boolean isOver(Stage stage) {
    return status == StepStatus.SKIPPED
        || status == StepStatus.DONE && (stage != Stage.VERIFY || missing != null);
  }

  /** What the writers did. */
  public void written(StepCounts counts) {
    WriteCounts inserts = counts.inserts();
    WriteCounts updates = counts.updates();
    WriteCounts deletes = counts.deletes();
    WriteCounts total = counts.total();
    rejected = planOf.unfit() + inserts.rejected() + updates.rejected();
    rejectedForTheData = planOf.unfit() + total.rejectedForTheData();
    rejections =
        Stream.concat(planOf.rejections().stream(), total.rejections().stream())
            .limit(WriteCounts.REJECTIONS_KEPT)
            .toList();
    alreadyPresent = planOf.present() + inserts.left();
    if (toInsert != null) {
      inserted = inserts.changed();
      conflicts = inserts.left();
      // Each row that is sent takes a value; a row that was sent twice took two.
      boolean once =
          inserts.retries() == 0 && inserts.rejected() == 0 && (inserts.left() == 0 || !copies);
      sequenceValues = !numbersRows ? (Long) 0L : once ? (Long) inserts.rows() : null;
    }
    if (toUpdate != null) {
      updated = updates.changed();
      changedMeanwhile = updates.left() + inserts.left();
      // Which columns of the others were set is the step's to say.
      changes = updates.changed() == toUpdate ? planOf.changes() : null;
    }
    if (toDelete != null) {
      deleted = deletes.changed();
      stayed = deletes.left() + deletes.rejected();
      undeletable = deletes.rejected();
      cascaded = total.cascaded();
    }
    retries = total.retries();
    lockWaitMs = millis(total.lockWaitNanos());
    sent(total.statements());
  }

  /** What the batches of a step did that changes rows where they are. */
  public void written(WriteCounts counts) {
    if (step instanceof Step.Ddl) {
      return;
    }
    rejected = counts.rejected();
    rejectedForTheData = counts.rejectedForTheData();
    rejections = counts.rejections();
    // Those that it went for: more than were counted first where some came in meanwhile.
    planned = counts.rows();
    if (step.deletes()) {
      deleted = counts.changed();
    } else {
      updated = counts.changed();
      changedMeanwhile = counts.left();
    }
    retries = counts.retries();
    lockWaitMs = millis(counts.lockWaitNanos());
    sent(counts.statements());
  }

  private static long millis(long nanos) {
    return Duration.ofNanos(nanos).toMillis();
  }

  /** Rows may have been sent in vain, and have taken a value of the sequence each time. */
  public void sentAgain() {
    sequenceValues = null;
  }

  /**
   * In how many rows each column was really set.
   *
   * @param set column to rows; null where that is not known
   */
  public void changed(Map<String, Long> set) {
    changes = set == null || set.isEmpty() ? null : set;
  }

  /** Rows that another session was faster with, or changed since they were read. */
  Long left() {
    return changedMeanwhile == null ? conflicts : changedMeanwhile;
  }

  /** What verify found. */
  public void verified(Verified verified) {
    missing = verified.missing();
    addedMeanwhile = verified.addedMeanwhile();
    revokedMeanwhile = verified.revokedMeanwhile();
  }

  /** What is done in a stage. */
  @FunctionalInterface
  public interface Work<E extends Exception> {
    void run() throws E;
  }

  /** Does some work of a stage, and adds the time that it takes. */
  public <E extends Exception> void timed(Stage stage, Work<E> work) throws E {
    long started = System.nanoTime();
    try {
      work.run();
    } finally {
      stages.merge(stage.toString(), (System.nanoTime() - started) / 1_000_000, Long::sum);
      durationMs = stages.values().stream().mapToLong(Long::longValue).sum();
    }
  }
}
