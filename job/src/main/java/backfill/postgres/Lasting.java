package backfill.postgres;

import java.sql.SQLException;
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

  private static final Set<String> STATES =
      Set.of(
          "08004", // sqlserver_rejected_establishment_of_sqlconnection
          "08P01", // protocol_violation
          "25006", // read_only_sql_transaction
          "25P04", // transaction_timeout
          "53100", // disk_full
          "53400", // configuration_limit_exceeded
          "55000", // object_not_in_prerequisite_state
          "55P04", // unsafe_new_enum_value_usage
          "58P01", // undefined_file
          "XX001", // data_corrupted
          "XX002"); // index_corrupted

  private static final String QUERY_CANCELED = "57014";

  private Lasting() {}

  static boolean is(String sqlState) {
    return sqlState != null
        && sqlState.length() == 5
        && (STATES.contains(sqlState) || CLASSES.contains(sqlState.substring(0, 2)));
  }

  /** Whether a failure comes from one that lasts; the next run has a snapshot of its own. */
  public static boolean in(Throwable failure) {
    return !SqlFailure.lostSnapshot(failure)
        && SqlFailure.sqlState(failure).filter(Lasting::is).isPresent();
  }

  /**
   * Whether a failure comes from a {@code statement_timeout}. Of a statement that reads, this is
   * not ours, and it takes as long the next time.
   */
  public static boolean timedOut(Throwable failure) {
    return SqlFailure.in(failure).filter(Lasting::timedOut).isPresent();
  }

  private static boolean timedOut(SQLException failure) {
    return QUERY_CANCELED.equals(failure.getSQLState())
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
    return switch (sqlState) {
      case "42501" ->
          "check names every right that is missing, and check --grants prints the least role.";
      case "42P01", "42703", "42883", "42704", "3F000" ->
          "What preflight found is not there any more: check says what is missing now.";
      case "25006" -> "The server takes no writes: name the primary in BACKFILL_URL.";
      case "25P04" ->
          "A transaction_timeout of the role or the database ended it: ALTER ROLE … RESET transaction_timeout.";
      case "53100" -> "The server's disk is full: make room there.";
      case "53400" ->
          "The role or the server allows no more of it: raise that limit, as in temp_file_limit.";
      default ->
          switch (sqlState.substring(0, 2)) {
            case "22" ->
                "The same command fails again until the value or the expression is mended.";
            case "28" ->
                "Check the user and the password, which are read again for each connection.";
            default -> null;
          };
    };
  }
}
