package backfill.report;

import backfill.plan.InvalidPlanException;
import backfill.postgres.ledger.LeaseHeldException;
import backfill.postgres.ledger.RunLedger;
import backfill.postgres.server.LaggingReplicaException;
import backfill.postgres.server.Lasting;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.RecoveryConflictException;
import backfill.postgres.server.SqlFailure;
import backfill.postgres.snapshot.OldSnapshotException;
import backfill.postgres.write.TooManyRejectedException;
import backfill.spark.engine.SparkFailure;
import backfill.spark.query.QueryFailure;
import backfill.spark.read.UnfitRowsException;
import java.io.IOException;

/** How a run ended, as schedulers see it: the one table from a failure to a number. */
public enum ExitCode {
  /** Done; also nothing to do, or the plan does not apply. */
  DONE(0),
  /** The command line, the plan, a setting or the environment is wrong; nothing was written. */
  INVALID(2),
  /**
   * Not ready, or no connection; nothing was written, or earlier steps, whole, where a later one
   * cannot run once its turn comes.
   */
  NOT_READY(3),
  /** Reading failed; earlier steps are written, whole. */
  READ_FAILED(4),
  /** A guard refused; earlier steps are written, whole. */
  REFUSED(5),
  /**
   * Writing failed, or more rows were rejected than allowed; the batches before it are written, and
   * the good rows of the last.
   */
  WRITE_FAILED(6),
  /** Verify found something missing. */
  MISSING(7),
  /** Done, but rows were rejected, within the limit. */
  REJECTED(8),
  /** A bug of ours. */
  BUG(70),
  /** Another run holds the plan or one of its targets; nothing was written. */
  HELD(75),
  /** Stopped by Ctrl-C, between two batches. */
  INTERRUPTED(130),
  /** Stopped by SIGTERM or by stop-after, between two batches. */
  STOPPED(143);

  private final int number;

  ExitCode(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }

  /** What a failure in this stage means. */
  public static ExitCode of(Throwable failure, Stage stage) {
    if (failure instanceof InvalidPlanException) {
      return INVALID;
    }
    if (failure instanceof NotReadyException) {
      return NOT_READY;
    }
    if (failure instanceof LeaseHeldException) {
      return HELD;
    }
    if (failure instanceof RefusedException) {
      return REFUSED;
    }
    if (failure instanceof LaggingReplicaException
        || failure instanceof RecoveryConflictException
        || failure instanceof OldSnapshotException) {
      return READ_FAILED;
    }
    if (TooManyRejectedException.in(failure)) {
      return WRITE_FAILED;
    }
    if (QueryFailure.in(failure).isPresent()) {
      return stage == Stage.PREFLIGHT ? NOT_READY : READ_FAILED;
    }
    if (!fromOutside(failure)) {
      return BUG;
    }
    return switch (stage) {
      case LOAD, REPORT -> INVALID;
      case PREFLIGHT -> NOT_READY;
      case READ, FLATTEN, DIFF, VERIFY -> READ_FAILED;
      case WRITE -> SqlFailure.lostSnapshot(failure) ? READ_FAILED : WRITE_FAILED;
    };
  }

  /** Whether the same command may succeed later, without anybody changing anything. */
  public boolean retryable(Throwable failure) {
    return switch (this) {
      case NOT_READY ->
          failure instanceof NotReadyException notReady && notReady.retryable()
              || failure instanceof RunLedger.LedgerException ledger && ledger.passing();
      case READ_FAILED ->
          failure instanceof LaggingReplicaException replica
              ? replica.passing()
              : !lasts(failure)
                  && !(failure instanceof OldSnapshotException)
                  && !UnfitRowsException.in(failure)
                  && !Lasting.timedOut(failure);
      case WRITE_FAILED -> !lasts(failure) && !TooManyRejectedException.in(failure);
      case HELD -> true;
      default -> false;
    };
  }

  /** Whether it comes again with every attempt, until something is mended. */
  private static boolean lasts(Throwable failure) {
    return QueryFailure.in(failure).isPresent() || Lasting.in(failure) || outOfMemory(failure);
  }

  /** Whether Java's heap was too small. */
  static boolean outOfMemory(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof OutOfMemoryError) {
        return true;
      }
    }
    return false;
  }

  /** Servers, disks and executors fail; anything else that is thrown is a mistake of ours. */
  private static boolean fromOutside(Throwable failure) {
    boolean outside = false;
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof NullPointerException
          || t instanceof ClassCastException
          || t instanceof IndexOutOfBoundsException) {
        return false;
      }
      outside =
          outside
              || t instanceof UnfitRowsException
              || SqlFailure.is(t)
              || t instanceof IOException
              || SparkFailure.is(t)
              || t instanceof OutOfMemoryError;
    }
    return outside;
  }
}
