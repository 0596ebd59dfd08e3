package backfill.postgres;

import java.sql.SQLException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The type of a column that a statement would add, as the server reads it: the longest beginning of
 * what stands behind the column's name that it takes for a type.
 */
final class AddedColumn {
  private static final Pattern WORD_END = Pattern.compile("(?<=[\\w\\]\")])(?=\\s|$)");
  private static final Pattern FILLS =
      Pattern.compile("(?i)(?<![\\w$])(DEFAULT|GENERATED)(?![\\w$])");

  private AddedColumn() {}

  /** Empty where the server finds no type, or where rows would not have NULL in the column. */
  static Optional<String> type(Inquiry inquiry, String statement, String column)
      throws SQLException {
    Optional<String> definition = new DdlText(statement).definitionOf(column);
    if (definition.isEmpty() || FILLS.matcher(definition.get()).find()) {
      return Optional.empty();
    }
    Optional<String> longest = Optional.empty();
    Matcher end = WORD_END.matcher(definition.get());
    while (end.find()) {
      String type = definition.get().substring(0, end.start());
      if (isType(inquiry, type)) {
        longest = Optional.of(type);
      }
    }
    return longest.isPresent() && hasDefault(inquiry, longest.get()) ? Optional.empty() : longest;
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
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_type WHERE typdefault IS NOT NULL"
            + " AND oid = pg_catalog.pg_typeof(CAST(NULL AS "
            + type
            + "\n)))",
        row -> row.getBoolean(1));
  }
}
