package backfill.postgres.server;

import java.sql.SQLException;
import java.util.Optional;

/** What a failure says of PostgreSQL, however deep its cause is wrapped. */
public final class SqlFailure {
  private SqlFailure() {}

  /** Whether this is the server's, or the driver's. */
  public static boolean is(Throwable failure) {
    return failure instanceof SQLException;
  }

  /** The first of a failure's causes that is one. */
  public static Optional<SQLException> in(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof SQLException sql) {
        return Optional.of(sql);
      }
    }
    return Optional.empty();
  }

  /** Its SQLSTATE, where there is one. */
  public static Optional<String> sqlState(Throwable failure) {
    return in(failure).map(SQLException::getSQLState);
  }

  /** Whether the connection went, so that another machine may fare better. */
  public static boolean connectionLost(Throwable failure) {
    return in(failure).filter(Retry::connectionLost).isPresent();
  }

  /** Its message in one line, the server's detail included. */
  public static String message(Throwable failure) {
    SQLException sql = in(failure).orElse(null);
    if (sql == null) {
      Throwable root = failure;
      while (root.getCause() != null) {
        root = root.getCause();
      }
      return oneLine(root.getMessage() == null ? root.toString() : root.getMessage());
    }
    return oneLine(String.valueOf(sql.getMessage()));
  }

  /**
   * Whether rows that Spark kept had to be read again after their snapshot was let go: the import
   * names a snapshot that is not there any more.
   */
  public static boolean lostSnapshot(Throwable failure) {
    return in(failure)
        .map(SQLException::getMessage)
        .filter(
            message ->
                message.contains("invalid snapshot identifier")
                    || message.contains("could not import the requested snapshot")
                    || message.matches("(?s).*snapshot \"[0-9A-F-]+\" does not exist.*"))
        .isPresent();
  }

  /** A message of several lines in one. */
  public static String oneLine(String message) {
    return message.strip().replaceAll("\\s*\\R\\s*", "; ");
  }
}
