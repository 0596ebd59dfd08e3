package backfill.postgres.server;

import java.sql.SQLException;
import java.util.regex.Pattern;
import org.postgresql.util.PSQLException;

/**
 * Says in one line why a connection could not be had, which variable to look at, and whether
 * waiting may help. Never the password, which a URL's parameters may hold.
 */
public record ConnectionFailure(String reason, boolean retryable) {
  private static final Pattern SECRET = Pattern.compile("(?i)(password=)[^&\\s]*");

  public static ConnectionFailure of(
      String address, String variable, String prefix, SQLException failure) {
    ConnectionAdvice advice = ConnectionAdvice.of(failure, variable, prefix);
    return new ConnectionFailure(
        "cannot connect to " + address + ": " + oneLine(failure) + ". " + advice.sentence(),
        advice.retryable());
  }

  /** Whether the same attempt may succeed later without anybody changing anything. */
  public static boolean passing(String sqlState) {
    return sqlState != null
        && (sqlState.startsWith("08") && !SqlState.CONNECTION_REJECTED.is(sqlState)
            || sqlState.startsWith("57P")
            || SqlState.TOO_MANY_CONNECTIONS.is(sqlState)
            || SqlState.LOCK_NOT_AVAILABLE.is(sqlState));
  }

  /** The server's words, and those of the causes that say more, in a line and without a secret. */
  public static String oneLine(SQLException failure) {
    StringBuilder text = new StringBuilder(message(failure));
    for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
      String more = String.valueOf(cause.getMessage());
      if (text.indexOf(more) < 0) {
        text.append(" (")
            .append(cause.getClass().getSimpleName())
            .append(": ")
            .append(more)
            .append(')');
      }
    }
    String line = text.toString().strip().replaceAll("\\s+", " ").replaceAll("[.]+$", "");
    return SECRET.matcher(line).replaceAll("$1…");
  }

  private static String message(SQLException failure) {
    if (failure instanceof PSQLException told
        && told.getServerErrorMessage() != null
        && told.getServerErrorMessage().getMessage() != null) {
      return told.getServerErrorMessage().getMessage();
    }
    return String.valueOf(failure.getMessage());
  }
}
