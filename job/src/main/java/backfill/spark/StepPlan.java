package backfill.spark;

import java.util.Map;

/**
 * What a step would do. A count that a kind of step does not have is null.
 *
 * @param planned rows that the sources justify
 * @param alreadyPresent of these, rows that the target has; null for an update
 * @param toInsert of these, rows to add; null for an update
 * @param toUpdate rows to set; null for an insert
 * @param unchanged rows that hold the right values; null for an insert
 * @param absent keys that the target lacks; null for an insert
 * @param surplus the target's rows that no source justifies; null where the step does not ask
 * @param changes column to number of rows in which it would change; empty for an insert
 */
public record StepPlan(
    long planned,
    Long alreadyPresent,
    Long toInsert,
    Long toUpdate,
    Long unchanged,
    Long absent,
    Long surplus,
    Map<String, Long> changes) {

  /** How many rows are to be written. */
  public long toWrite() {
    return (toInsert == null ? 0 : toInsert) + (toUpdate == null ? 0 : toUpdate);
  }
}
