package backfill.postgres.server;

import java.sql.SQLException;
import java.util.Optional;

/**
 * A standby ended what was read there, so that it could go on replaying: what its primary had
 * changed meanwhile would have taken away rows, or a table, that the read still needed (exit 4).
 *
 * @see <a href="https://www.postgresql.org/docs/current/hot-standby.html">Handling Query
 *     Conflicts</a>
 */
public final class RecoveryConflictException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private static final String CURE =
      "Set hot_standby_feedback = on there, or a max_standby_streaming_delay that is longer than a read takes; or read less at a time, by --only";

  private RecoveryConflictException(String message, SQLException cause) {
    super(message, cause);
  }

  /**
   * What to throw in place of a failure of a read. Empty where it failed for another reason.
   *
   * @param standby where it read, for people; empty if that is a primary
   * @param held why the session ended that held the snapshot, if it did
   */
  public static Optional<RecoveryConflictException> in(
      Throwable failure, Optional<String> standby, Optional<SQLException> held) {
    return standby.flatMap(
        address ->
            SqlFailure.in(failure)
                .filter(RecoveryConflictException::isOne)
                .or(() -> held.filter(RecoveryConflictException::isOne))
                .map(
                    said -> {
                      RecoveryConflictException conflict =
                          new RecoveryConflictException(message(address, said), said);
                      if (SqlFailure.in(failure).filter(said::equals).isEmpty()) {
                        conflict.addSuppressed(failure);
                      }
                      return conflict;
                    }));
  }

  /** Nothing else gives these to a transaction that only reads what is committed. */
  private static boolean isOne(SQLException failure) {
    return SqlState.SERIALIZATION_FAILURE.is(failure) || SqlState.DEADLOCK_DETECTED.is(failure);
  }

  private static String message(String address, SQLException said) {
    return "%s is a standby, and ended what was read there to go on replaying (%s). %s"
        .formatted(address, SqlFailure.message(said), CURE);
  }

  /** What helps, where a failure says by its words that it is one; else empty. */
  public static Optional<String> cure(Throwable failure) {
    return SqlFailure.in(failure)
        .filter(RecoveryConflictException::isOne)
        .filter(said -> String.valueOf(said.getMessage()).contains("conflict with recovery"))
        .map(said -> CURE);
  }
}
