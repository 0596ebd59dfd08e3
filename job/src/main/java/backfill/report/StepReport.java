package backfill.report;

import backfill.plan.Step;
import backfill.postgres.ledger.Rejection;
import backfill.postgres.ledger.StepStatus;
import backfill.postgres.undo.LeftRow;
import backfill.spark.diff.DiffSum;
import backfill.spark.read.LeftOut;
import backfill.spark.step.DiffCounts;
import backfill.spark.step.GrantShape;
import backfill.spark.step.RowsToSet;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * What the report says of one step: what each stage of it came to. A count that is not known, or
 * that the step's kind does not have, is null.
 *
 * @param target the table, by the name that the server has for it
 * @param written before the write it holds what is known of that beforehand
 */
public record StepReport(
    Step step,
    String target,
    StepStatus status,
    Read read,
    Diffed diffed,
    Written written,
    Verified verified,
    Cost cost) {

  /**
   * What was read for it.
   *
   * @param rows source to rows
   * @param leftOut source to the rows of its table that it does not give
   * @param nested which groups are nested in which; null where none are
   * @param nestedObjects the same of objects
   */
  public record Read(
      Map<String, Long> rows,
      Map<String, LeftOut> leftOut,
      NestingReport nested,
      NestingReport nestedObjects) {}

  /**
   * What the diff decided.
   *
   * @param plan null until then, and for a change
   * @param owns which rows of the target are the step's, its parameters written in; null for all
   * @param takenAway of the rows to insert those that were there after the last run, at least; null
   *     where there was none, or it is not known
   */
  public record Diffed(
      DiffCounts plan, ToDo toDo, String owns, Long takenAway, Foretold foretold, Undoing undoing) {

    /** What the diff says, or null where there was none. */
    <T> T ofPlan(Function<DiffCounts, T> told) {
      return plan == null ? null : told.apply(plan);
    }
  }

  /**
   * How far the step could be taken back.
   *
   * @param cannot why not all of it could; null if it could
   * @param ledgerBytes what the ledger keeps of its rows; of a dry run, what it would keep, about
   */
  public record Undoing(String cannot, Long ledgerBytes) {}

  /** Rows that the step is to have, and those that are to be written for it. */
  public record ToDo(Long planned, Long toInsert, Long toUpdate, Long toDelete) {}

  /**
   * What a dry run says beyond the counts.
   *
   * @param gains who gains most, of a step that adds for users or objects
   * @param losses who loses most, of a step that deletes from users or objects
   * @param toSet which rows would be set, column by column, the first ten
   * @param rows the rows of the diff, one by one; null where they were not looked at so
   * @param shape what its grants are like; null of a step that has none
   */
  public record Foretold(
      GainsReport gains,
      GainsReport.LossesReport losses,
      List<RowsToSet> toSet,
      DiffSum rows,
      GrantShape shape) {

    /** What is known of the rows of the diff, or null. */
    <T> T ofRows(Function<DiffSum, T> told) {
      return rows == null ? null : told.apply(rows);
    }
  }

  /**
   * What the writers did.
   *
   * @param sequencesSet sequence to the value that it was set forward to; null where the step fills
   *     none by itself
   * @param changes column to number of rows in which it changes; an update has it
   * @param cascaded table to rows that go along with those that are deleted
   */
  public record Written(
      Inserts inserts,
      Map<String, Long> sequencesSet,
      Updates updates,
      Map<String, Long> changes,
      Deletes deletes,
      Map<String, Long> cascaded,
      Rejected rejected,
      Upkeep upkeep) {}

  /**
   * What its table needs once no later step writes it; of an earlier one nothing is said.
   *
   * @param analyzed whether it was, where it grew by more than a tenth; else null
   * @param deadRows what the run left dead in it, about; null before
   * @param vacuumDue the statements that are due for it, and for tables that rows went along from
   */
  public record Upkeep(Boolean analyzed, Long deadRows, List<String> vacuumDue) {}

  /**
   * Rows added.
   *
   * @param conflicts rows that another session was faster with
   */
  public record Inserts(Long inserted, Long conflicts, Long sequenceValues) {}

  /** Rows set. */
  public record Updates(Long updated, Long changedMeanwhile) {}

  /**
   * Rows taken away.
   *
   * @param stayed rows that were to go, and did not
   * @param undeletable of these those that the server refused to delete
   */
  public record Deletes(Long deleted, Long stayed, long undeletable) {}

  /**
   * Rows that no statement can write, or that the server did not take.
   *
   * @param forTheData of them those that the run's limit counts
   * @param rejections what is known of them, the first ones
   */
  public record Rejected(Long rows, long forTheData, List<Rejection> rejections) {}

  /**
   * The differences that another snapshot shows.
   *
   * @param revokedRemoved of the revoked rows those that were taken back; null where they stay
   * @param revokedLeft what of them was left, the first ones; null where none was to be taken back
   */
  public record Verified(
      Long missing,
      Long addedMeanwhile,
      Long revokedMeanwhile,
      Long revokedRemoved,
      List<LeftRow> revokedLeft) {}

  /**
   * What it took.
   *
   * @param statements those that read or wrote rows
   * @param lockWaitMs time that its batches waited for locks, all together
   * @param throttledMs time that the throttle held its writers back, all together, or the
   *     statements that change a definition
   * @param stages stage to milliseconds
   */
  public record Cost(
      Long statements, Long retries, Long lockWaitMs, Long throttledMs, Map<String, Long> stages) {
    /** All stages of it; null before the first. */
    public Long durationMs() {
      return stages.isEmpty() ? null : (Long) stages.values().stream().mapToLong(ms -> ms).sum();
    }

    /** Of one stage. */
    long millis(Stage stage) {
      return stages.getOrDefault(stage.toString(), 0L);
    }
  }

  public String name() {
    return step.name();
  }

  /** The kind of step, as the plan calls it. */
  public String kind() {
    return step.kind();
  }

  public Long planned() {
    return diffed.toDo().planned();
  }

  /** Planned rows that are there, those that another session was faster with included. */
  public Long alreadyPresent() {
    return diffed.ofPlan(plan -> plan.present() + or0(conflicts()));
  }

  Long foreign() {
    return diffed.ofPlan(DiffCounts::foreign);
  }

  public Long toInsert() {
    return diffed.toDo().toInsert();
  }

  public Long toUpdate() {
    return diffed.toDo().toUpdate();
  }

  public Long toDelete() {
    return diffed.toDo().toDelete();
  }

  public Long inserted() {
    return written.inserts().inserted();
  }

  Long conflicts() {
    return written.inserts().conflicts();
  }

  public Long sequenceValues() {
    return written.inserts().sequenceValues();
  }

  public Long updated() {
    return written.updates().updated();
  }

  Long changedMeanwhile() {
    return written.updates().changedMeanwhile();
  }

  Map<String, Long> changes() {
    return written.changes();
  }

  public Long deleted() {
    return written.deletes().deleted();
  }

  public Map<String, Long> cascaded() {
    return written.cascaded();
  }

  public Long rejected() {
    return written.rejected().rows();
  }

  public List<Rejection> rejections() {
    return written.rejected().rejections();
  }

  Long surplus() {
    return diffed.ofPlan(DiffCounts::surplus);
  }

  public Long missing() {
    return verified.missing();
  }

  /** How many rows are to be written. */
  public long toWrite() {
    return or0(toInsert()) + or0(toUpdate()) + or0(toDelete());
  }

  /** How many rows were set or deleted: each leaves one behind that is dead. */
  public long updatedOrDeleted() {
    return or0(updated()) + or0(deleted());
  }

  /** How many rows were written; null where that is not known. */
  public Long knownWritten() {
    return isCounted() ? (Long) rowsWritten() : null;
  }

  /** How many rows were written. */
  long rowsWritten() {
    return or0(inserted()) + or0(updated()) + or0(deleted());
  }

  /** Whether it is known what writers did. */
  public boolean isCounted() {
    return inserted() != null || updated() != null || deleted() != null;
  }

  /** Whether writers were at work when it was last looked at. */
  public boolean isBeingWritten() {
    return status == StepStatus.WRITING;
  }

  /** Whether nothing of the step was left to do in this stage. */
  public boolean isOver(Stage stage) {
    return status == StepStatus.SKIPPED
        || status == StepStatus.DONE && (stage != Stage.VERIFY || missing() != null);
  }

  /** Rows that another session was faster with, or changed since they were read. */
  Long left() {
    return changedMeanwhile() == null ? conflicts() : changedMeanwhile();
  }

  static long or0(Long count) {
    return count == null ? 0 : count;
  }
}
