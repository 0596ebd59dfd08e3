package backfill.postgres.ledger;

import backfill.postgres.server.SqlState;
import java.sql.SQLException;

/** Another run took over: this one must not write any more, and did not (exit 6). */
final class FencedException extends SQLException {
  private static final long serialVersionUID = 1L;

  FencedException(String message) {
    super(message, SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE.code());
  }
}
