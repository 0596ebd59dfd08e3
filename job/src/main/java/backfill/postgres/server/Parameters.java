package backfill.postgres.server;

import backfill.plan.InvalidPlanException;
import backfill.plan.sql.Placeholders;
import java.util.List;
import java.util.Map;

/** Writes parameters into a condition as literals, where a statement has no place to bind them. */
public final class Parameters {
  private Parameters() {}

  /**
   * The SQL with each {@code :name} replaced by its value: a string as a literal without a type,
   * which takes the type of what it is compared with, as a bound one would.
   *
   * @param now {@code PreflightResult.now()}, for {@code :now}
   * @throws InvalidPlanException naming a parameter that the plan does not have
   */
  public static String inline(String sql, Map<String, Object> params, String now) {
    return Placeholders.replace(
        sql,
        name -> {
          if (name.equals("now")) {
            return quote(now) + "::timestamptz";
          }
          Object value = params.get(name);
          if (value == null) {
            throw new InvalidPlanException(
                List.of(
                    new InvalidPlanException.Problem(
                        ":" + name, 0, "is no parameter; set params." + name + " in the plan")));
          }
          return literal(value);
        });
  }

  private static String literal(Object value) {
    if (value instanceof Boolean) {
      return value.toString();
    }
    if (value instanceof Long || value instanceof Integer || value instanceof Double) {
      // In parentheses: a minus sign behind another one would begin a comment.
      return "(" + value + ")";
    }
    return quote(value.toString());
  }

  /**
   * A literal. A backslash is only itself under standard_conforming_strings, and always doubled in
   * an E string.
   */
  public static String quote(String text) {
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          "a parameter holds the character NUL, which no text in PostgreSQL can");
    }
    String doubled = text.replace("'", "''");
    return doubled.contains("\\")
        ? " E'" + doubled.replace("\\", "\\\\") + "'"
        : "'" + doubled + "'";
  }
}
