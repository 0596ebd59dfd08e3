package backfill.plan;

import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds {@code :name} in SQL: outside strings, quoted identifiers and comments, and never in a cast
 * ({@code ::}).
 */
public final class Placeholders {
  private static final Pattern TOKEN =
      Pattern.compile(
          "(?s)[eE]'(?:[^'\\\\]|\\\\.|'')*'|'[^']*'|\"[^\"]*\"|(\\$\\w*\\$).*?\\1|--[^\\n]*|/\\*.*?\\*/|::"
              + "|(?<!\\w):([A-Za-z_]\\w*)");

  private Placeholders() {}

  /** The SQL with each {@code :name} replaced by what {@code literal} gives for the name. */
  public static String replace(String sql, Function<String, String> literal) {
    return TOKEN
        .matcher(sql)
        .replaceAll(
            found ->
                Matcher.quoteReplacement(
                    found.group(2) == null ? found.group() : literal.apply(found.group(2))));
  }
}
