package backfill.postgres;

import java.sql.SQLException;

/** A change cannot be made, or was not made by what should have (exit 6); the message says why. */
final class ChangeFailed extends SQLException {
  private static final long serialVersionUID = 1L;

  /** object_not_in_prerequisite_state: nothing that passes by itself. */
  private static final String STATE = "55000";

  ChangeFailed(String message) {
    super(message, STATE);
  }

  ChangeFailed(String message, SQLException cause) {
    super(message, cause.getSQLState(), cause);
  }
}
