package backfill.plan.sql;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The {@code :name} parameters of a piece of SQL. Not a parameter: what stands in a string, a
 * quoted identifier or a comment, a cast ({@code ::text}), and a colon after an operand, as in the
 * slice {@code a[low:high]}.
 */
public final class Placeholders {
  private static final Pattern NAME =
      Pattern.compile("(?<![\\p{L}\\d_$:\\])\"`]):([\\p{L}_][\\p{L}\\d_]*)");
  private static final Pattern ARRAY_OPENS =
      Pattern.compile("(?:\\bARRAY\\s*|[\\[,]\\s*)\\[$", Pattern.CASE_INSENSITIVE);

  private Placeholders() {}

  /** The names, each once, in the order of their first use. */
  public static Set<String> names(String sql) {
    Set<String> names = new LinkedHashSet<>();
    replace(
        sql,
        name -> {
          names.add(name);
          return "";
        });
    return names;
  }

  /**
   * The SQL with each parameter replaced by what {@code literal} gives for its name, taken as it
   * is.
   */
  public static String replace(String sql, Function<String, String> literal) {
    String code = new SqlText(sql).code();
    StringBuilder replaced = new StringBuilder();
    int copied = 0;
    Matcher matcher = NAME.matcher(code);
    while (matcher.find()) {
      if (isSliceFromTheStart(code, matcher.start())) {
        continue;
      }
      replaced.append(sql, copied, matcher.start()).append(literal.apply(matcher.group(1)));
      copied = matcher.end();
    }
    return replaced.append(sql, copied, sql.length()).toString();
  }

  /**
   * The SQL for a driver that takes a question mark for a parameter's place: those that are
   * PostgreSQL's operators are doubled.
   */
  public static String escapeQuestionMarks(String sql) {
    String code = new SqlText(sql).code();
    StringBuilder escaped = new StringBuilder();
    for (int i = 0; i < sql.length(); i++) {
      escaped.append(sql.charAt(i)).append(code.charAt(i) == '?' ? "?" : "");
    }
    return escaped.toString();
  }

  /**
   * {@code a[:high]} is a slice without a lower bound, while {@code ARRAY[:high]} holds a
   * parameter.
   */
  private static boolean isSliceFromTheStart(String code, int colon) {
    return colon > 0
        && code.charAt(colon - 1) == '['
        && !ARRAY_OPENS.matcher(code.substring(0, colon)).find();
  }
}
