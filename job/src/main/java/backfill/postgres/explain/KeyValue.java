package backfill.postgres.explain;

import backfill.membership.key.JoinedKey;
import backfill.plan.Amount;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.server.ConnectionFailure;
import backfill.postgres.server.Inquiry;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
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

  /**
   * A key of one column, or of several as {@link JoinedKey} has them.
   *
   * @param columns in which it is looked for, of the target
   */
  static KeyValue of(
      Inquiry inquiry, String option, String given, String table, List<Column> columns)
      throws SQLException {
    if (given == null || columns.size() == 1) {
      return of(inquiry, option, given, table, columns.get(0));
    }
    List<String> parts = JoinedKey.parts(given);
    if (parts.size() != columns.size()) {
      return new KeyValue(
          null,
          "%s %s has %s, and its key in %s has %d (%s); give them with commas between, and a backslash before a comma of a value's own"
              .formatted(
                  option,
                  shown(given),
                  Amount.of(parts.size(), "value"),
                  table,
                  columns.size(),
                  String.join(", ", columns.stream().map(Column::name).toList())));
    }
    List<String> texts = new ArrayList<>();
    for (int place = 0; place < parts.size(); place++) {
      KeyValue value = of(inquiry, option, parts.get(place), table, columns.get(place));
      if (value.reason() != null) {
        return value;
      }
      texts.add(value.text());
    }
    return new KeyValue(JoinedKey.of(texts), null);
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
