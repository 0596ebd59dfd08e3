package backfill.postgres.server;

import java.sql.SQLException;
import java.util.Arrays;
import java.util.Optional;

/**
 * The SQLSTATEs that the job tells apart, by PostgreSQL's names for them.
 *
 * @see <a href="https://www.postgresql.org/docs/current/errcodes-appendix.html">PostgreSQL error
 *     codes</a>
 */
public enum SqlState {
  /** Of the driver's: it cannot log in as the server wants it to. */
  CONNECTION_REJECTED("08004"),
  /** Of a transaction: whether it is in is not known. */
  TRANSACTION_RESOLUTION_UNKNOWN("08007"),
  PROTOCOL_VIOLATION("08P01"),
  INVALID_PARAMETER_VALUE("22023"),
  INVALID_TEXT_REPRESENTATION("22P02"),
  FOREIGN_KEY_VIOLATION("23503"),
  UNIQUE_VIOLATION("23505"),
  CHECK_VIOLATION("23514"),
  EXCLUSION_VIOLATION("23P01"),
  READ_ONLY_TRANSACTION("25006"),
  /** The process slept in the middle of a batch, and the server ended the connection. */
  IDLE_IN_TRANSACTION_TIMEOUT("25P03"),
  TRANSACTION_TIMEOUT("25P04"),
  INVALID_AUTHORIZATION("28000"),
  INVALID_CATALOG_NAME("3D000"),
  INVALID_SCHEMA_NAME("3F000"),
  SERIALIZATION_FAILURE("40001"),
  DEADLOCK_DETECTED("40P01"),
  INSUFFICIENT_PRIVILEGE("42501"),
  SYNTAX_ERROR("42601"),
  UNDEFINED_COLUMN("42703"),
  UNDEFINED_OBJECT("42704"),
  UNDEFINED_FUNCTION("42883"),
  UNDEFINED_TABLE("42P01"),
  DISK_FULL("53100"),
  TOO_MANY_CONNECTIONS("53300"),
  CONFIGURATION_LIMIT_EXCEEDED("53400"),
  OBJECT_NOT_IN_PREREQUISITE_STATE("55000"),
  LOCK_NOT_AVAILABLE("55P03"),
  UNSAFE_NEW_ENUM_VALUE("55P04"),
  QUERY_CANCELED("57014"),
  ADMIN_SHUTDOWN("57P01"),
  CRASH_SHUTDOWN("57P02"),
  CANNOT_CONNECT_NOW("57P03"),
  IDLE_SESSION_TIMEOUT("57P05"),
  UNDEFINED_FILE("58P01"),
  DATA_CORRUPTED("XX001"),
  INDEX_CORRUPTED("XX002");

  private final String code;

  SqlState(String code) {
    this.code = code;
  }

  /** The five characters that stand for it. */
  public String code() {
    return code;
  }

  /** That of a failure, if it is one of these. */
  public static Optional<SqlState> of(SQLException failure) {
    return of(failure.getSQLState());
  }

  static Optional<SqlState> of(String code) {
    return Arrays.stream(values()).filter(state -> state.is(code)).findFirst();
  }

  public boolean is(SQLException failure) {
    return is(failure.getSQLState());
  }

  /** Whether these characters stand for it; null stands for none. */
  public boolean is(String code) {
    return this.code.equals(code);
  }
}
