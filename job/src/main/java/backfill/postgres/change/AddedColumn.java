package backfill.postgres.change;

import backfill.postgres.server.ConnectionFailure;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SqlWords;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A column that a statement would add, as the server reads it: its type is the longest beginning of
 * what stands behind the column's name that it takes for one.
 *
 * @param type empty where the server finds none
 * @param startsNull whether rows that are there will have NULL in it
 * @param generated whether it is computed from other columns
 */
public record AddedColumn(Optional<String> type, boolean startsNull, boolean generated) {
  private static final Pattern WORD_END = Pattern.compile("(?<=[\\w\\]\")])(?=\\s|$)");
  private static final Pattern FILLS =
      Pattern.compile("(?i)(?<![\\w$])(DEFAULT|GENERATED)(?![\\w$])");
  private static final Pattern COMPUTED =
      Pattern.compile("(?i)(?<![\\w$])GENERATED\\s+ALWAYS\\s+AS\\s*\\(");

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
    String serial = SERIAL.get(SqlWords.of(definition).next().text());
    if (serial != null) {
      return new AddedColumn(Optional.of(serial), false, false);
    }
    Optional<String> longest = Optional.empty();
    Matcher end = WORD_END.matcher(definition);
    while (end.find()) {
      String type = definition.substring(0, end.start());
      if (isType(inquiry, type)) {
        longest = Optional.of(type);
      }
    }
    boolean filled =
        longest.isEmpty() || FILLS.matcher(definition).find() || hasDefault(inquiry, longest.get());
    return new AddedColumn(longest, !filled, COMPUTED.matcher(definition).find());
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
