package backfill.postgres.change;

import backfill.postgres.server.SqlState;
import java.sql.SQLException;

/** A change cannot be made, or was not made by what should have (exit 6); the message says why. */
final class ChangeFailedException extends SQLException {
  private static final long serialVersionUID = 1L;

  ChangeFailedException(String message) {
    // Nothing that passes by itself.
    super(message, SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE.code());
  }

  ChangeFailedException(String message, SQLException cause) {
    super(message, cause.getSQLState(), cause);
  }
}
