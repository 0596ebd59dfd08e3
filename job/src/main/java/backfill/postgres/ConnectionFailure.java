package backfill.postgres;

import java.sql.SQLException;
import java.util.regex.Pattern;
import org.postgresql.util.PSQLException;

/**
 * Says in one line why a connection could not be had, which variable to look at, and whether
 * waiting may help. Never the password, which a URL's parameters may hold.
 */
record ConnectionFailure(String reason, boolean retryable) {
  private static final Pattern SECRET = Pattern.compile("(?i)(password=)[^&\\s]*");

  static ConnectionFailure of(String url, String variable, String prefix, SQLException failure) {
    String state = failure.getSQLState() == null ? "" : failure.getSQLState();
    String attempt = "cannot connect to " + Server.address(url) + ": " + oneLine(failure) + ". ";
    // 08004 is the driver's: it cannot log in as the server wants it to, for want of a password for
    // one.
    if (state.startsWith("28") || state.equals("08004")) {
      return new ConnectionFailure(
          attempt + "Check " + prefix + "_USER and " + prefix + "_PASSWORD or its file", false);
    }
    if (state.equals("42501")) {
      return new ConnectionFailure(
          attempt + "GRANT CONNECT ON DATABASE to the role of " + prefix + "_USER", false);
    }
    if (state.equals("3D000") || state.startsWith("42")) {
      return new ConnectionFailure(attempt + "Check the database's name in " + variable, false);
    }
    boolean passing = passing(state);
    return new ConnectionFailure(
        attempt
            + (passing && !state.startsWith("08")
                ? "The server is not taking connections now; try again later"
                : "Check that the server runs, and the address in " + variable),
        passing);
  }

  /** Whether the same attempt may succeed later without anybody changing anything. */
  static boolean passing(String sqlState) {
    return sqlState != null
        && (sqlState.startsWith("08") && !sqlState.equals("08004")
            || sqlState.startsWith("57P")
            || sqlState.equals("53300")
            || sqlState.equals("55P03"));
  }

  /** The server's words, and those of the causes that say more, in a line and without a secret. */
  static String oneLine(SQLException failure) {
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
