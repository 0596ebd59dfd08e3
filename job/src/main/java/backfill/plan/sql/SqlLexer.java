package backfill.plan.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Splits SQL into tokens, as the server's lexer does with {@code standard_conforming_strings} on.
 * What is opened and never closed goes to the end. Everything of ours that looks into SQL does so
 * by these tokens.
 *
 * @see <a href="https://www.postgresql.org/docs/current/sql-syntax-lexical.html">Lexical structure,
 *     4.1</a>
 */
public final class SqlLexer {
  /** What a token is. */
  public enum Kind {
    /** A key word, or a name that is not quoted: in small letters, as the server takes it. */
    WORD,
    /** A name in double quotes, {@code U&} before them or not; of Spark a text, too. */
    NAME,
    /** A name in backticks, which only Spark has. */
    BACKTICKED,
    /** A text in single quotes, whatever letters stand before them, or between dollar tags. */
    TEXT,
    COMMENT,
    /** One character of another kind; a number is one for each of its digits. */
    SIGN
  }

  /**
   * One token.
   *
   * @param text of a name or a text what its quotes hold, a doubled quote being one; escapes stay
   *     in a text
   * @param from where it begins, with all that stands before its quote
   * @param to where it ends, exclusive
   * @param closed whether its quote or comment ends before the SQL does
   */
  public record Token(Kind kind, String text, int from, int to, boolean closed) {}

  private static final String LETTER = "[a-zA-Z_\\x{80}-\\x{10FFFF}]";
  private static final Pattern WORD = word(LETTER);
  private static final Pattern WORD_OF_SPARK = word("[" + LETTER + "&&[^\\p{Z}]]");
  private static final Pattern TAG = Pattern.compile("\\$(?:%1$s[%1$s\\d]*)?\\$".formatted(LETTER));

  /** Between the halves of one text: the second is read as the first was. */
  private static final Pattern GOES_ON =
      Pattern.compile("[ \\t\\f\\v]*[\\n\\r](?:[ \\t\\f\\v\\n\\r]|--[^\\n\\r]*[\\n\\r])*'");

  private static final Pattern ESCAPE_CHARACTER = Pattern.compile("\\s*(?i:uescape)\\s*'([^'])'");

  private final String sql;
  private final boolean spark;
  private final List<Token> tokens = new ArrayList<>();
  private int at;

  /** Where a text with backslashes that escape has ended; -1 where none was the last one. */
  private int endOfEscaped = -1;

  private static Pattern word(String letter) {
    return Pattern.compile("%1$s[%1$s\\d$]*".formatted(letter));
  }

  private SqlLexer(String sql, boolean spark) {
    this.sql = sql;
    this.spark = spark;
  }

  /** Of a statement in PostgreSQL's SQL. */
  public static List<Token> tokens(String sql) {
    return new SqlLexer(sql, false).all();
  }

  /**
   * Of a query in Spark's SQL, or in one of both: what only one of them knows (dollar tags,
   * backticks) has no other meaning in the other.
   */
  public static List<Token> tokensOfEither(String sql) {
    return new SqlLexer(sql, true).all();
  }

  private List<Token> all() {
    while (at < sql.length()) {
      if (isBlank(sql.charAt(at))) {
        at++;
      } else {
        tokens.add(next());
        at = tokens.get(tokens.size() - 1).to();
      }
    }
    return tokens;
  }

  /** Other blanks than ASCII's are part of a name for the server. */
  private boolean isBlank(char c) {
    return c <= ' ' || spark && Character.isSpaceChar(c);
  }

  private Token next() {
    char c = sql.charAt(at);
    if (sql.startsWith("--", at)) {
      return new Token(Kind.COMMENT, "", at, endOfLine(), true);
    } else if (sql.startsWith("/*", at)) {
      return comment();
    } else if (c == '\'') {
      return quoted(Kind.TEXT, at, isGoneOn());
    } else if ((c == 'e' || c == 'E') && sql.startsWith("'", at + 1)) {
      return quoted(Kind.TEXT, at + 1, true);
    } else if ((c == 'u' || c == 'U') && sql.startsWith("&'", at + 1)) {
      return quoted(Kind.TEXT, at + 2, false);
    } else if ((c == 'u' || c == 'U') && sql.startsWith("&\"", at + 1)) {
      return unescaped(quoted(Kind.NAME, at + 2, false));
    } else if (c == '"') {
      return quoted(Kind.NAME, at, false);
    } else if (c == '`' && spark) {
      return quoted(Kind.BACKTICKED, at, false);
    }
    Matcher tag = TAG.matcher(sql).region(at, sql.length());
    if (tag.lookingAt()) {
      return betweenTags(tag.group());
    }
    Matcher word = (spark ? WORD_OF_SPARK : WORD).matcher(sql).region(at, sql.length());
    return word.lookingAt()
        ? new Token(Kind.WORD, inSmallLetters(word.group()), at, word.end(), true)
        : new Token(Kind.SIGN, String.valueOf(c), at, at + 1, true);
  }

  private int endOfLine() {
    int end = at;
    while (end < sql.length() && sql.charAt(end) != '\n' && sql.charAt(end) != '\r') {
      end++;
    }
    return end;
  }

  /** Comments of this kind hold others. */
  private Token comment() {
    int depth = 0;
    for (int end = at; end < sql.length() - 1; end++) {
      if (sql.startsWith("/*", end)) {
        depth++;
        end++;
      } else if (sql.startsWith("*/", end)) {
        depth--;
        end++;
        if (depth == 0) {
          return new Token(Kind.COMMENT, "", at, end + 1, true);
        }
      }
    }
    return new Token(Kind.COMMENT, "", at, sql.length(), false);
  }

  private boolean isGoneOn() {
    return endOfEscaped >= 0 && GOES_ON.matcher(sql).region(endOfEscaped, at + 1).matches();
  }

  private Token quoted(Kind kind, int open, boolean escapes) {
    char quote = sql.charAt(open);
    int end = open + 1;
    boolean closed = false;
    while (end < sql.length() && !closed) {
      if (sql.charAt(end) == quote && sql.startsWith("" + quote, end + 1)) {
        end++;
      } else if (sql.charAt(end) == quote) {
        closed = true;
      } else if (escapes && sql.charAt(end) == '\\') {
        end++;
      }
      end++;
    }
    int to = Math.min(end, sql.length());
    endOfEscaped = escapes ? to : -1;
    String text = sql.substring(open + 1, closed ? to - 1 : to);
    return new Token(kind, text.replace("" + quote + quote, "" + quote), at, to, closed);
  }

  private Token betweenTags(String tag) {
    int from = at + tag.length();
    int end = sql.indexOf(tag, from);
    return end < 0
        ? new Token(Kind.TEXT, sql.substring(from), at, sql.length(), false)
        : new Token(Kind.TEXT, sql.substring(from, end), at, end + tag.length(), true);
  }

  /** A name by code points, with the character that it says begins one. */
  private Token unescaped(Token name) {
    Matcher named = ESCAPE_CHARACTER.matcher(sql).region(name.to(), sql.length());
    boolean own = named.lookingAt();
    String escape = Pattern.quote(own ? named.group(1) : "\\");
    String text =
        Pattern.compile(escape + "(?:([0-9A-Fa-f]{4})|[+]([0-9A-Fa-f]{6})|(" + escape + "))")
            .matcher(name.text())
            .replaceAll(SqlLexer::character);
    return new Token(Kind.NAME, text, name.from(), own ? named.end() : name.to(), name.closed());
  }

  private static String character(MatchResult escaped) {
    String digits = escaped.group(1) == null ? escaped.group(2) : escaped.group(1);
    int point = digits == null ? -1 : Integer.parseInt(digits, 16);
    String character = escaped.group(3);
    if (character == null) {
      character = Character.isValidCodePoint(point) ? new String(Character.toChars(point)) : "";
    }
    return Matcher.quoteReplacement(character);
  }

  /** Of ASCII's letters only, in UTF-8. */
  private static String inSmallLetters(String word) {
    return word.chars().allMatch(c -> c < 0x80)
        ? word.toLowerCase(Locale.ROOT)
        : word.codePoints()
            .map(c -> c < 0x80 ? Character.toLowerCase(c) : c)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
  }
}
