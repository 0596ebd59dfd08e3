package backfill.postgres.server;

import backfill.plan.InvalidPlanException;
import backfill.plan.Plan;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Properties;

/**
 * Opens a connection whose session begins with our settings; of a zone that the server does not
 * know it says so.
 *
 * <p>Between the server's greeting and our first statement a session lives by the limits of its
 * role and database, and one of them may be too short even for that. Then it is opened once more,
 * with these limits lifted by the start-up message itself. Not at first: a pooler refuses a
 * start-up message with options.
 */
final class SessionStart {
  /** The first major version with {@code transaction_timeout}. */
  private static final int WITH_TRANSACTION_TIMEOUT = 17;

  private SessionStart() {}

  static Connection open(String url, Properties properties, Login.SecretNow secret, String timeZone)
      throws SQLException {
    Connection connection = SilentSessions.connect(url, properties, secret);
    int version = connection.getMetaData().getDatabaseMajorVersion();
    try {
      return pinned(connection, timeZone);
    } catch (SQLException e) {
      if (!cutShort(e)) {
        throw e;
      }
      return unhurried(JdbcUrl.withOptions(url, lifted(version)), properties, secret, timeZone, e);
    }
  }

  private static Connection unhurried(
      String url,
      Properties properties,
      Login.SecretNow secret,
      String timeZone,
      SQLException first)
      throws SQLException {
    try {
      return pinned(SilentSessions.connect(url, properties, secret), timeZone);
    } catch (SQLException e) {
      // What a pooler says of options is not what is to be mended.
      first.addSuppressed(e);
      throw first;
    }
  }

  private static Connection pinned(Connection opened, String timeZone) throws SQLException {
    Connection connection = RollbackOnClose.of(opened);
    try {
      SessionSettings.pin(connection, timeZone);
      return connection;
    } catch (SQLException e) {
      try (connection) {
        if (SqlState.INVALID_PARAMETER_VALUE.is(e) && !timeZone.equals(Plan.UTC)) {
          throw unknownZone(timeZone, e);
        }
        throw e;
      }
    }
  }

  private static InvalidPlanException unknownZone(String timeZone, SQLException cause) {
    InvalidPlanException unknown =
        new InvalidPlanException(
            List.of(
                new InvalidPlanException.Problem(
                    "time-zone",
                    0,
                    "is %s, which the server does not know (%s); name one of its pg_timezone_names"
                        .formatted(timeZone, SqlFailure.message(cause)))));
    unknown.initCause(cause);
    return unknown;
  }

  /** Whether a limit of the session was in the way; one that it ends by may be seen as its end. */
  private static boolean cutShort(SQLException e) {
    return SqlState.QUERY_CANCELED.is(e)
        || SqlState.TRANSACTION_TIMEOUT.is(e)
        || Retry.connectionLost(e);
  }

  private static String lifted(int version) {
    return "-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0"
        + " -c idle_session_timeout=0"
        + (version >= WITH_TRANSACTION_TIMEOUT ? " -c transaction_timeout=0" : "");
  }
}
