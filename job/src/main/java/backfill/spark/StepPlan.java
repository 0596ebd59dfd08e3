package backfill.spark;

import backfill.plan.Step;
import backfill.postgres.Operation;
import backfill.postgres.Rejection;
import java.util.List;
import java.util.Map;

/**
 * What a step would do. A count that a kind of step does not have is null.
 *
 * @param planned rows that the sources justify
 * @param alreadyPresent of these, rows that the target has; for a step that only adds
 * @param foreign of the planned rows, those whose key a row holds that is not the step's; null
 *     where all rows of the target are
 * @param toInsert of the planned rows, those to add
 * @param toUpdate rows to set
 * @param toDelete rows to take away, without those that go along with them
 * @param unchanged rows that hold the right values; for a step that sets
 * @param absent keys that the target lacks; for an update
 * @param surplus the target's rows that no source justifies; null where the step does not ask
 * @param unfit planned rows that no statement can write, because a key is NULL or a value is none
 *     of its column's type
 * @param rejections what is known of these, the first ones
 * @param targetRows rows of the step's that the target has
 * @param unmatched name to number, as the step's own queries say
 * @param changes column to number of rows in which it would change
 */
public record StepPlan(
    long planned,
    Long alreadyPresent,
    Long foreign,
    Long toInsert,
    Long toUpdate,
    Long toDelete,
    Long unchanged,
    Long absent,
    Long surplus,
    long unfit,
    List<Rejection> rejections,
    long targetRows,
    Map<String, Long> unmatched,
    Map<String, Long> changes) {

  /** What a step of rows would do, by the states that the rows are in. */
  static StepPlan ofRows(
      Step.Rows step,
      long planned,
      long foreign,
      long absent,
      long different,
      long right,
      long surplus,
      long targetRows,
      Map<String, Long> changes) {
    boolean inserts = step.mode() != Step.Mode.UPDATE;
    boolean sets = step.mode() != Step.Mode.INSERT_MISSING;
    return new StepPlan(
        planned,
        sets ? null : (Long) right,
        step.owns().isEmpty() ? null : (Long) foreign,
        inserts ? absent : null,
        sets ? different : null,
        step.deletes() ? surplus : null,
        sets ? right : null,
        inserts ? null : (Long) absent,
        step.surplus() == Step.Surplus.IGNORE ? null : (Long) surplus,
        0,
        List.of(),
        targetRows,
        Map.of(),
        changes);
  }

  /** The same, and what the rows' states do not tell. */
  StepPlan with(Map<String, Long> unmatchedRows, long unfitRows, List<Rejection> unfitOnes) {
    return new StepPlan(
        planned + unfitRows,
        alreadyPresent,
        foreign,
        toInsert,
        toUpdate,
        toDelete,
        unchanged,
        absent,
        surplus,
        unfitRows,
        unfitOnes,
        targetRows,
        unmatchedRows,
        changes);
  }

  /** Of the planned rows those whose key the target has, whatever they hold. */
  public long present() {
    return alreadyPresent == null ? or0(unchanged) + or0(toUpdate) : alreadyPresent;
  }

  /** How many rows are to be written. */
  public long toWrite() {
    return or0(toInsert) + or0(toUpdate) + or0(toDelete);
  }

  /** How many rows one of the step's writes is given. */
  public long toWrite(Operation operation) {
    return switch (operation) {
      case INSERT_MISSING, INSERT_AND_NAME -> or0(toInsert);
      case COMPARE_AND_SET -> or0(toUpdate);
      case COMPARE_AND_DELETE -> or0(toDelete);
    };
  }

  private static long or0(Long count) {
    return count == null ? 0 : count;
  }
}
