package backfill.postgres.snapshot;

import backfill.plan.Plan;
import backfill.postgres.server.SqlFailure;
import java.sql.SQLException;
import java.util.Optional;

/** A reader did not find the snapshot that it should read in: who held it is gone. */
public final class LostSnapshotException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private LostSnapshotException(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * What to throw in place of a failure where the snapshot is what it lacked: it says which one and
   * why. Empty for any other failure.
   *
   * @param database what the plan calls the snapshot's
   * @param held why the session ended that held it, if that is known
   */
  public static Optional<LostSnapshotException> in(
      Exception failure, String database, Snapshot snapshot, Optional<SQLException> held) {
    if (!SqlFailure.lostSnapshot(failure)) {
      return Optional.empty();
    }
    return Optional.of(
        new LostSnapshotException(
            "snapshot "
                + snapshot.id()
                + (database.equals(Plan.MAIN) ? "" : " of database " + database)
                + " was gone before everything was read in it: the session that held it (pid "
                + snapshot.pid()
                + ") has ended"
                + held.map(said -> " (" + SqlFailure.message(said) + ")").orElse(""),
            failure));
  }
}
