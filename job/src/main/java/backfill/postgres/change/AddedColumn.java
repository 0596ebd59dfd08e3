package backfill.postgres.change;

import backfill.postgres.server.ConnectionFailure;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SqlWords;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;

/**
 * A column that a statement would add, as the server reads it: its type is the longest beginning of
 * what stands behind the column's name that it takes for one.
 *
 * @param type empty where the server finds none
 * @param startsNull whether rows that are there will have NULL in it
 * @param generated whether it is computed from other columns
 */
public record AddedColumn(Optional<String> type, boolean startsNull, boolean generated) {
  /** What stands for a type and a sequence of its own. */
  private static final Map<String, String> SERIAL =
      Map.of(
          "smallserial", "smallint",
          "serial2", "smallint",
          "serial", "integer",
          "serial4", "integer",
          "bigserial", "bigint",
          "serial8", "bigint");

  static AddedColumn of(Inquiry inquiry, String statement, String column) throws SQLException {
    return of(inquiry, new DdlText(statement).definitionOf(column).orElse(""));
  }

  /**
   * @param definition what stands behind the column's name
   */
  public static AddedColumn of(Inquiry inquiry, String definition) throws SQLException {
    SqlWords words = SqlWords.of(definition);
    String serial = SERIAL.get(words.next().text());
    if (serial != null) {
      return new AddedColumn(Optional.of(serial), false, false);
    }
    Optional<String> longest = Optional.empty();
    for (SqlWords.Word word : words.all()) {
      String type = definition.substring(0, word.to());
      if (mayEndAType(word, definition) && isType(inquiry, type)) {
        longest = Optional.of(type);
      }
    }
    boolean filled =
        longest.isEmpty()
            || words.says("default")
            || words.says("generated")
            || hasDefault(inquiry, longest.get());
    return new AddedColumn(longest, !filled, words.says("generated", "always", "as", "("));
  }

  /** A word of several, or a bracket, with a blank or nothing behind it. */
  private static boolean mayEndAType(SqlWords.Word word, String definition) {
    boolean ends =
        word.to() == definition.length() || Character.isWhitespace(definition.charAt(word.to()));
    return ends && (word.isName() || word.is(")") || word.is("]"));
  }

  private static boolean isType(Inquiry inquiry, String type) throws SQLException {
    try {
      inquiry.rows("EXPLAIN SELECT CAST(NULL AS " + type + "\n)", row -> row.getString(1));
      return true;
    } catch (SQLException e) {
      if (ConnectionFailure.passing(e.getSQLState())) {
        throw e;
      }
      return false;
    }
  }

  /** A domain brings its own. */
  private static boolean hasDefault(Inquiry inquiry, String type) throws SQLException {
    return inquiry.one(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_type WHERE typdefault IS NOT NULL AND oid = pg_catalog.to_regtype(?))",
        row -> row.getBoolean(1),
        type);
  }
}
