package backfill.postgres.explain;

import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.server.ConnectionFailure;
import backfill.postgres.server.Inquiry;
import java.sql.SQLException;
import java.util.Optional;

/**
 * A key that a person gave, as the server writes it.
 *
 * @param text null where it is no value of the column's type
 * @param reason why not, a sentence; null where it is one
 */
record KeyValue(String text, String reason) {
  private static final KeyValue NONE = new KeyValue(null, null);

  /**
   * @param option how it was given
   * @param given null where it was not
   * @param column in which it is looked for, of the target
   */
  static KeyValue of(Inquiry inquiry, String option, String given, String table, Column column)
      throws SQLException {
    if (given == null) {
      return NONE;
    }
    String what =
        "%s %s is no value of %s.%s, which is %s"
            .formatted(option, shown(given), table, column.name(), column.type());
    if (KeyType.of(column).filter(KeyType.TEXT::equals).isPresent()) {
      int most = Stored.characters(column);
      int characters = given.codePointCount(0, given.length());
      return characters > most
          ? new KeyValue(null, what + " and holds " + most + " characters at most")
          : cast(inquiry, given, column.castType(), what);
    }
    // What is stored may have fewer digits.
    return cast(inquiry, given, column.castType() + "::" + column.storedType(), what);
  }

  private static KeyValue cast(Inquiry inquiry, String given, String type, String what)
      throws SQLException {
    try {
      return new KeyValue(
          inquiry.one(
              "SELECT ?::pg_catalog.text::" + type + "::pg_catalog.text",
              row -> row.getString(1),
              given),
          null);
    } catch (SQLException e) {
      if (Optional.ofNullable(e.getSQLState()).filter(state -> state.startsWith("22")).isEmpty()) {
        throw e;
      }
      return new KeyValue(null, what + ": " + ConnectionFailure.oneLine(e));
    }
  }

  private static String shown(String given) {
    return given.isEmpty() ? "(empty)" : given;
  }
}
