package backfill.plan;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The guards: how much a run may do before it is refused. Each holds for each step on its own; an
 * empty one guards nothing.
 *
 * @param rejectedRows rows that may be rejected before the run stops
 * @param rowsInserted rows that a step may add
 * @param growthPercent what they may be of the rows that the target has already
 * @param pairsForOneUser pairs that the sources may give a user who gains one
 * @param usersOfOneObject users whom the sources may give an object that gains one
 * @param rowsDeleted rows that a step may delete
 */
public record Limits(
    long rejectedRows,
    OptionalLong rowsInserted,
    OptionalLong growthPercent,
    OptionalLong pairsForOneUser,
    OptionalLong usersOfOneObject,
    OptionalLong rowsDeleted) {

  public Limits {
    Setting.REJECTED_ROWS.require(rejectedRows);
    rowsInserted.ifPresent(Setting.ROWS_INSERTED::require);
    growthPercent.ifPresent(Setting.GROWTH_PERCENT::require);
    pairsForOneUser.ifPresent(Setting.PAIRS_FOR_ONE_USER::require);
    usersOfOneObject.ifPresent(Setting.USERS_OF_ONE_OBJECT::require);
    rowsDeleted.ifPresent(Setting.ROWS_DELETED::require);
  }

  /** Whether one is set that must be asked before anything is written. */
  public boolean guardTheWrite() {
    return named().size() > 1;
  }

  /** Key to number, of those that are set. */
  Map<String, Long> named() {
    Map<String, Long> named = new LinkedHashMap<>();
    named.put(Setting.REJECTED_ROWS.key(), rejectedRows);
    rowsInserted.ifPresent(limit -> named.put(Setting.ROWS_INSERTED.key(), limit));
    growthPercent.ifPresent(limit -> named.put(Setting.GROWTH_PERCENT.key(), limit));
    pairsForOneUser.ifPresent(limit -> named.put(Setting.PAIRS_FOR_ONE_USER.key(), limit));
    usersOfOneObject.ifPresent(limit -> named.put(Setting.USERS_OF_ONE_OBJECT.key(), limit));
    rowsDeleted.ifPresent(limit -> named.put(Setting.ROWS_DELETED.key(), limit));
    return named;
  }
}
