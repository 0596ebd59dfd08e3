package backfill.testing;

import java.sql.Connection;
import java.sql.SQLException;

/**
 * The last query that a test asked a database, and the session in which it is asked again: a test
 * that waits for something asks every few milliseconds, and a session costs the server and this JVM
 * far more than the answer. A query that is asked for the first time has a session of its own.
 */
final class TestingAskedQuery {
  private static final int ANSWERS_WITHIN_SECONDS = 5;

  private String text = "";
  private boolean repeated;
  private Connection kept;

  /** The session of this query, which is the caller's then; null where it needs a new one. */
  synchronized Connection take(String sql) throws SQLException {
    repeated = text.equals(sql);
    if (!repeated) {
      forget();
      text = sql;
    }
    Connection session = kept;
    kept = null;
    // The server may have been restarted meanwhile, or have ended it.
    if (session != null && !session.isValid(ANSWERS_WITHIN_SECONDS)) {
      session.close();
      return null;
    }
    return session;
  }

  /** Keeps the session of a query that is asked again, and closes any other. */
  synchronized void giveBack(String sql, Connection session) throws SQLException {
    if (repeated && text.equals(sql) && kept == null) {
      kept = session;
    } else {
      session.close();
    }
  }

  /** Closes what is kept: something else follows. */
  synchronized void forget() throws SQLException {
    text = "";
    if (kept != null) {
      kept.close();
      kept = null;
    }
  }
}
