package backfill.postgres.server;

import java.net.UnknownHostException;
import java.sql.SQLException;
import java.util.Locale;

/**
 * Decides what to do about a connection that could not be had, and whether waiting alone may help.
 * PostgreSQL and its driver give one SQLSTATE to many reasons, so their words count, too.
 */
record ConnectionAdvice(String sentence, boolean retryable) {

  /**
   * @param variable that holds the address
   * @param prefix of the variables that name user and password
   */
  static ConnectionAdvice of(SQLException failure, String variable, String prefix) {
    String state = failure.getSQLState() == null ? "" : failure.getSQLState();
    String words = ConnectionFailure.oneLine(failure).toLowerCase(Locale.ROOT);
    UnknownHostException unknown = cause(failure, UnknownHostException.class);
    if (unknown != null) {
      return new ConnectionAdvice(
          "Check the host's name in " + variable,
          String.valueOf(unknown.getMessage()).contains("Temporary failure"));
    }
    String encryption = encryption(state, words, variable);
    if (encryption != null) {
      return new ConnectionAdvice(encryption, false);
    }
    if (words.contains("pg_hba.conf")) {
      return new ConnectionAdvice(admission(words, variable), false);
    }
    if (words.contains("not permitted to log in")) {
      return new ConnectionAdvice(
          "ALTER ROLE … LOGIN, or name another role in " + prefix + "_USER", false);
    }
    if (words.contains("unsupported startup parameter")) {
      return new ConnectionAdvice(
          "A pooler is between: add the parameter to its ignore_startup_parameters", false);
    }
    return byState(state, variable, prefix);
  }

  /** Whether user and password are what the server does not take. */
  static boolean rejected(SQLException failure) {
    return rejected(String.valueOf(failure.getSQLState()));
  }

  /**
   * The driver rejects where it cannot log in as the server wants it to, for example because no
   * password was given.
   */
  private static boolean rejected(String state) {
    return state.startsWith("28") || SqlState.CONNECTION_REJECTED.is(state);
  }

  private static ConnectionAdvice byState(String state, String variable, String prefix) {
    if (rejected(state)) {
      return new ConnectionAdvice(
          "Check " + prefix + "_USER and " + prefix + "_PASSWORD or its file", false);
    }
    if (SqlState.INSUFFICIENT_PRIVILEGE.is(state)) {
      return new ConnectionAdvice(
          "GRANT CONNECT ON DATABASE to the role of " + prefix + "_USER", false);
    }
    if (SqlState.INVALID_CATALOG_NAME.is(state) || state.startsWith("42")) {
      return new ConnectionAdvice("Check the database's name in " + variable, false);
    }
    if (SqlState.QUERY_CANCELED.is(state)
        || SqlState.TRANSACTION_TIMEOUT.is(state)
        || SqlState.IDLE_SESSION_TIMEOUT.is(state)) {
      return new ConnectionAdvice(
          "A timeout of the role or the database is too short for a session's first statement, and a pooler is between"
              + " that takes no options: set a longer one, as by ALTER ROLE … SET, or name the server itself in "
              + variable,
          false);
    }
    boolean passing = ConnectionFailure.passing(state);
    return new ConnectionAdvice(
        passing && !state.startsWith("08")
            ? "The server is not taking connections now; try again later"
            : "Check that the server runs, and the address in " + variable,
        passing);
  }

  /** Null where it is about something else. */
  private static String encryption(String state, String words, String variable) {
    if (words.contains("does not support ssl")
        || SqlState.CONNECTION_REJECTED.is(state) && words.contains("ssl")) {
      return "The server has no encryption: switch ssl on there, or take sslmode out of "
          + variable;
    }
    if (words.contains("channel binding")) {
      return "Channel binding takes a SCRAM password of the role, and encryption: give it both, or take channelBinding out of "
          + variable;
    }
    if (words.contains("private key") || words.contains("ssl key") || words.contains("sslkey")) {
      return "Check the files of sslcert and sslkey in " + variable;
    }
    if (words.contains("client certificate")
        || words.contains("bad_certificate")
        || words.contains("certificate_required")) {
      return "The server asks for a certificate of ours: name it by sslcert and sslkey in "
          + variable;
    }
    if (words.contains("hostname") && words.contains("verif")
        || words.contains("no name matching")
        || words.contains("no subject alternative")) {
      return "The server's certificate is for another host name: use its name in "
          + variable
          + ", or sslmode=verify-ca";
    }
    if (words.contains("root certificate")) {
      return "Name the file of the authority's certificate by sslrootcert in " + variable;
    }
    if (words.contains("certif") || words.contains("pkix") || words.contains("sslhandshake")) {
      return "The server's certificate is not from the authority in sslrootcert: check that file, and the address in "
          + variable;
    }
    return null;
  }

  /** What pg_hba.conf says of this host, user and database. */
  private static String admission(String words, String variable) {
    boolean plain = words.contains("no encryption") || words.contains("ssl off");
    return plain
        ? "The server's pg_hba.conf does not admit this role from here without encryption: add sslmode=require to "
            + variable
            + ", or a line for it there"
        : "The server's pg_hba.conf does not admit this role from here: add a line for it there";
  }

  private static <T> T cause(Throwable failure, Class<T> type) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (type.isInstance(t)) {
        return type.cast(t);
      }
    }
    return null;
  }
}
