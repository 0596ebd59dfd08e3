package backfill.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * SQL with everything that is not code blanked out: strings, quoted identifiers and comments become
 * spaces, so that a search finds code alone and every position stays what it was. PostgreSQL and
 * Spark SQL alike; what only one of them knows (dollar quotes, backticks) has no other meaning in
 * the other.
 *
 * @see <a href="https://www.postgresql.org/docs/current/sql-syntax-lexical.html">Lexical structure,
 *     4.1</a>
 */
final class SqlText {
  private static final Pattern DOLLAR_QUOTE = Pattern.compile("\\$([\\p{L}_][\\p{L}\\d_]*)?\\$");

  private final String sql;
  private final StringBuilder code;
  private final StringBuilder names;
  private final List<Text> texts = new ArrayList<>();
  private boolean closed = true;

  /** A text in quotes, and where it is: from its opening quote to behind its closing one. */
  record Text(int start, int end, String content) {}

  SqlText(String sql) {
    this.sql = sql;
    this.code = new StringBuilder(sql);
    this.names = new StringBuilder(sql);
    int at = 0;
    while (at < sql.length()) {
      int end = endOfQuoted(at);
      if (end > at) {
        blank(at, end);
      }
      at = Math.max(end, at + 1);
    }
  }

  /** The code alone. The quotes of an identifier stay, what is between them goes. */
  String code() {
    return code.toString();
  }

  /** The code and, without their backticks, Spark's quoted identifiers. */
  String codeAndIdentifiers() {
    return names.toString();
  }

  /** What stands in single and in double quotes; the latter are texts in Spark SQL alone. */
  List<Text> texts() {
    return texts;
  }

  /** Whether every quote and comment that was opened is closed again. */
  boolean closed() {
    return closed;
  }

  /**
   * The position after the string, identifier or comment that starts here; this position where none
   * does.
   */
  private int endOfQuoted(int at) {
    char c = sql.charAt(at);
    if (c == '\'') {
      return afterQuote(at, c, escapes(at));
    } else if (c == '"' || c == '`') {
      return afterQuote(at, c, false);
    } else if (sql.startsWith("--", at)) {
      int newline = sql.indexOf('\n', at);
      return newline < 0 ? sql.length() : newline;
    } else if (sql.startsWith("/*", at)) {
      return afterComment(at);
    } else if (c == '$' && !(at > 0 && isNamePart(sql.charAt(at - 1)))) {
      Matcher tag = DOLLAR_QUOTE.matcher(sql).region(at, sql.length());
      return tag.lookingAt() ? after(tag.group(), tag.end()) : at;
    }
    return at;
  }

  /** A backslash escapes in E'…' alone, with {@code standard_conforming_strings} on. */
  private boolean escapes(int quote) {
    return quote > 0
        && "eE".indexOf(sql.charAt(quote - 1)) >= 0
        && (quote == 1 || !isNamePart(sql.charAt(quote - 2)));
  }

  private int afterQuote(int start, char quote, boolean escapes) {
    for (int at = start + 1; at < sql.length(); at++) {
      char c = sql.charAt(at);
      if (c == '\\' && escapes) {
        at++;
      } else if (c == quote) {
        if (!sql.startsWith("" + quote, at + 1)) {
          return at + 1;
        }
        at++;
      }
    }
    return neverClosed();
  }

  /** Comments nest, in both languages. */
  private int afterComment(int start) {
    int depth = 0;
    for (int at = start; at < sql.length() - 1; at++) {
      if (sql.startsWith("/*", at)) {
        depth++;
        at++;
      } else if (sql.startsWith("*/", at)) {
        depth--;
        at++;
        if (depth == 0) {
          return at + 1;
        }
      }
    }
    return neverClosed();
  }

  private int after(String end, int from) {
    int at = sql.indexOf(end, from);
    return at < 0 ? neverClosed() : at + end.length();
  }

  private int neverClosed() {
    closed = false;
    return sql.length();
  }

  private void blank(int start, int end) {
    char quote = sql.charAt(start);
    if ((quote == '\'' || quote == '"') && end > start + 1) {
      texts.add(new Text(start, end, sql.substring(start + 1, end - 1)));
    }
    boolean identifier = quote == '"' || quote == '`';
    for (int at = start; at < end; at++) {
      boolean edge = at == start || at == end - 1;
      if (!(identifier && edge)) {
        code.setCharAt(at, ' ');
      }
      if (quote != '`' || edge) {
        names.setCharAt(at, ' ');
      }
    }
  }

  private static boolean isNamePart(char c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '$';
  }
}
