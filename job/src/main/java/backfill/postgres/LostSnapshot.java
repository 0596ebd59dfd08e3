package backfill.postgres;

import backfill.plan.Plan;

/** A reader did not find the snapshot that it should read in: who held it is gone. */
public final class LostSnapshot extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private LostSnapshot(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * This failure, or, where the snapshot is what it lacked, one that says which one and why.
   *
   * @param database what the plan calls the snapshot's
   */
  public static RuntimeException orOther(
      RuntimeException failure, String database, Snapshot snapshot) {
    if (!SqlFailure.lostSnapshot(failure)) {
      return failure;
    }
    return new LostSnapshot(
        "snapshot "
            + snapshot.id()
            + (database.equals(Plan.MAIN) ? "" : " of database " + database)
            + " was gone before everything was read in it: the session that held it (pid "
            + snapshot.pid()
            + ") has ended",
        failure);
  }
}
