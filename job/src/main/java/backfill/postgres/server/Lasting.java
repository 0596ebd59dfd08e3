package backfill.postgres.server;

import java.sql.SQLException;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Decides whether a failure of the server lasts until something is mended: then the same command
 * fails again, however often it runs.
 *
 * @see <a href="https://www.postgresql.org/docs/current/errcodes-appendix.html">PostgreSQL error
 *     codes</a>
 */
public final class Lasting {
  private static final Set<String> CLASSES =
      Set.of(
          "0A", // feature_not_supported
          "0L", // invalid_grantor
          "0P", // invalid_role_specification
          "21", // cardinality_violation
          "22", // data_exception
          "23", // integrity_constraint_violation
          "26", // invalid_sql_statement_name
          "28", // invalid_authorization_specification
          "2B", // dependent_privilege_descriptors_still_exist
          "2F", // sql_routine_exception
          "34", // invalid_cursor_name
          "38", // external_routine_exception
          "39", // external_routine_invocation_exception
          "3D", // invalid_catalog_name
          "3F", // invalid_schema_name
          "42", // syntax_error_or_access_rule_violation
          "44", // with_check_option_violation
          "54", // program_limit_exceeded
          "F0", // config_file_error
          "P0"); // plpgsql_error

  private static final Set<SqlState> STATES =
      EnumSet.of(
          SqlState.CONNECTION_REJECTED,
          SqlState.PROTOCOL_VIOLATION,
          SqlState.READ_ONLY_TRANSACTION,
          SqlState.TRANSACTION_TIMEOUT,
          SqlState.DISK_FULL,
          SqlState.CONFIGURATION_LIMIT_EXCEEDED,
          SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE,
          SqlState.UNSAFE_NEW_ENUM_VALUE,
          SqlState.UNDEFINED_FILE,
          SqlState.DATA_CORRUPTED,
          SqlState.INDEX_CORRUPTED);

  private static final String GONE =
      "What preflight found is not there any more: check says what is missing now.";

  /** What the server says, under its state for bugs, of what another session drops meanwhile. */
  private static final String LOST_IN_CATALOG =
      "cache lookup failed for|could not open relation with OID";

  private static final Map<SqlState, String> CURES =
      Map.of(
          SqlState.INSUFFICIENT_PRIVILEGE,
          "check names every right that is missing, and check --grants prints the least role.",
          SqlState.UNDEFINED_TABLE,
          GONE,
          SqlState.UNDEFINED_COLUMN,
          GONE,
          SqlState.UNDEFINED_FUNCTION,
          GONE,
          SqlState.UNDEFINED_OBJECT,
          GONE,
          SqlState.INVALID_SCHEMA_NAME,
          GONE,
          SqlState.READ_ONLY_TRANSACTION,
          "The server takes no writes: name the primary in BACKFILL_URL.",
          SqlState.TRANSACTION_TIMEOUT,
          "A transaction_timeout of the role or the database ended it: ALTER ROLE … RESET transaction_timeout.",
          SqlState.DISK_FULL,
          "The server's disk is full: make room there.",
          SqlState.CONFIGURATION_LIMIT_EXCEEDED,
          "The role or the server allows no more of it: raise that limit, as in temp_file_limit.");

  private Lasting() {}

  static boolean is(String sqlState) {
    return sqlState != null
        && sqlState.length() == 5
        && (SqlState.of(sqlState).filter(STATES::contains).isPresent()
            || CLASSES.contains(sqlState.substring(0, 2)));
  }

  /** Whether a failure comes from one that lasts; the next run has a snapshot of its own. */
  public static boolean in(Throwable failure) {
    return !SqlFailure.lostSnapshot(failure)
        && SqlFailure.sqlState(failure).filter(Lasting::is).isPresent();
  }

  /**
   * Whether something that the server was asked about is gone. Of what was there a moment before,
   * the schema was changed meanwhile.
   */
  public static boolean gone(SQLException failure) {
    return SqlState.of(failure).filter(state -> GONE.equals(CURES.get(state))).isPresent()
        || String.valueOf(failure.getMessage()).matches("(?s).*(" + LOST_IN_CATALOG + ").*");
  }

  /**
   * Whether a failure comes from a {@code statement_timeout}. Of a statement that reads, this is
   * not ours, and it takes as long the next time.
   */
  public static boolean timedOut(Throwable failure) {
    return SqlFailure.in(failure).filter(Lasting::timedOut).isPresent();
  }

  private static boolean timedOut(SQLException failure) {
    return SqlState.QUERY_CANCELED.is(failure)
        && String.valueOf(failure.getMessage()).contains("statement timeout");
  }

  /** What mends it, in a sentence; empty where its own words say all there is. */
  public static Optional<String> cure(Throwable failure) {
    if (timedOut(failure)) {
      return Optional.of(
          "A statement_timeout of the role or the database ended the statement: ALTER ROLE … RESET statement_timeout,"
              + " or the same for the database.");
    }
    return SqlFailure.sqlState(failure).map(Lasting::cureOf);
  }

  private static String cureOf(String sqlState) {
    Optional<SqlState> known = SqlState.of(sqlState);
    return known.isPresent() && CURES.containsKey(known.get())
        ? CURES.get(known.get())
        : switch (sqlState.substring(0, 2)) {
          case "22" -> "The same command fails again until the value or the expression is mended.";
          case "28" -> "Check the user and the password, which are read again for each connection.";
          default -> null;
        };
  }
}
