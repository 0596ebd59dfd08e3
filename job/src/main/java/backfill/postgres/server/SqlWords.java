package backfill.postgres.server;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A statement's words as the server's lexer splits them, without comments and blanks, and a place
 * among them that goes forward. Used by one thread.
 */
public final class SqlWords {
  /** What a word is. */
  public enum Kind {
    /** A key word, or a name that is not quoted: in small letters, as the server takes it. */
    WORD,
    /** A quoted name, without its quotes. */
    QUOTED,
    /** A text, in whatever quotes. */
    TEXT,
    /** One character of another kind. */
    SIGN
  }

  /**
   * One word.
   *
   * @param from where it begins in the statement
   * @param to where it ends
   */
  public record Word(Kind kind, String text, int from, int to) {
    public boolean is(String word) {
      return (kind == Kind.WORD || kind == Kind.SIGN) && text.equals(word);
    }

    public boolean isName() {
      return kind == Kind.WORD || kind == Kind.QUOTED;
    }
  }

  private final String sql;
  private final List<Word> words;
  private int place;

  private SqlWords(String sql, List<Word> words) {
    this.sql = sql;
    this.words = words;
  }

  public static SqlWords of(String sql) {
    List<Word> words = new ArrayList<>();
    int at = 0;
    while (at < sql.length()) {
      char c = sql.charAt(at);
      int end = at + 1;
      if (sql.startsWith("--", at)) {
        end = endOf(sql, "\n", at);
      } else if (sql.startsWith("/*", at)) {
        end = endOfComment(sql, at);
      } else if (c == '\'') {
        end = endOfQuoted(sql, at, '\'', isEscaped(words, at));
        words.add(new Word(Kind.TEXT, sql.substring(at, end), at, end));
      } else if (c == '"') {
        end = endOfQuoted(sql, at, '"', false);
        String name = sql.substring(at + 1, Math.max(at + 1, end - 1)).replace("\"\"", "\"");
        words.add(new Word(Kind.QUOTED, name, at, end));
      } else if (c == '$' && endOfTag(sql, at) > 0) {
        String tag = sql.substring(at, endOfTag(sql, at));
        end = endOf(sql, tag, at + tag.length());
        words.add(new Word(Kind.TEXT, sql.substring(at, end), at, end));
      } else if (isNameStart(c)) {
        while (end < sql.length() && isNamePart(sql.charAt(end))) {
          end++;
        }
        words.add(new Word(Kind.WORD, sql.substring(at, end).toLowerCase(Locale.ROOT), at, end));
      } else if (!Character.isWhitespace(c)) {
        words.add(new Word(Kind.SIGN, String.valueOf(c), at, end));
      }
      at = end;
    }
    return new SqlWords(sql, words);
  }

  private static boolean isNameStart(char c) {
    return Character.isLetter(c) || c == '_';
  }

  private static boolean isNamePart(char c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '$';
  }

  private static boolean isEscaped(List<Word> words, int at) {
    Word last = words.isEmpty() ? null : words.get(words.size() - 1);
    return last != null && last.is("e") && last.to() == at;
  }

  private static int endOf(String sql, String mark, int from) {
    int found = sql.indexOf(mark, from);
    return found < 0 ? sql.length() : found + mark.length();
  }

  /** Comments of this kind hold others. */
  private static int endOfComment(String sql, int from) {
    int depth = 0;
    for (int at = from; at < sql.length(); at++) {
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
    return sql.length();
  }

  private static int endOfQuoted(String sql, int from, char quote, boolean escapes) {
    for (int at = from + 1; at < sql.length(); at++) {
      char c = sql.charAt(at);
      if (escapes && c == '\\') {
        at++;
      } else if (c == quote) {
        if (at + 1 < sql.length() && sql.charAt(at + 1) == quote) {
          at++;
        } else {
          return at + 1;
        }
      }
    }
    return sql.length();
  }

  /** The end of a dollar and the tag behind it, or 0 where there is none. */
  private static int endOfTag(String sql, int from) {
    int at = from + 1;
    while (at < sql.length() && isNamePart(sql.charAt(at)) && sql.charAt(at) != '$') {
      at++;
    }
    boolean number = at > from + 1 && Character.isDigit(sql.charAt(from + 1));
    return at < sql.length() && sql.charAt(at) == '$' && !number ? at + 1 : 0;
  }

  /** All of them, wherever the place is. */
  public List<Word> all() {
    return words;
  }

  public boolean atEnd() {
    return place >= words.size();
  }

  /** The next word, or one that is nothing. */
  public Word next() {
    return atEnd() ? new Word(Kind.SIGN, "", sql.length(), sql.length()) : words.get(place);
  }

  /** Goes over the next word. */
  public Word take() {
    Word taken = next();
    place++;
    return taken;
  }

  /** Goes over these words if they come next, all of them. */
  public boolean skip(String... expected) {
    for (int i = 0; i < expected.length; i++) {
      if (place + i >= words.size() || !words.get(place + i).is(expected[i])) {
        return false;
      }
    }
    place += expected.length;
    return true;
  }

  /** Goes over a name and answers with its parts; empty where none comes next. */
  public Optional<List<String>> name() {
    if (!next().isName()) {
      return Optional.empty();
    }
    List<String> parts = new ArrayList<>(List.of(take().text()));
    while (next().is(".") && place + 1 < words.size() && words.get(place + 1).isName()) {
      place++;
      parts.add(take().text());
    }
    return Optional.of(parts);
  }

  /** Goes over what stands in brackets that open here, and answers with its text. */
  public String inBrackets() {
    int from = take().to();
    int depth = 1;
    int to = from;
    while (!atEnd() && depth > 0) {
      Word word = take();
      depth += word.is("(") || word.is("[") ? 1 : word.is(")") || word.is("]") ? -1 : 0;
      to = depth == 0 ? word.from() : word.to();
    }
    return sql.substring(from, to).strip();
  }

  /** Goes to one of these words outside of brackets, or to the end; answers with what is before. */
  public String until(String... ends) {
    int from = next().from();
    int to = from;
    while (!atEnd()) {
      Word word = next();
      for (String end : ends) {
        if (word.is(end)) {
          return sql.substring(from, to).strip();
        }
      }
      if (word.is("(") || word.is("[")) {
        inBrackets();
      } else {
        place++;
      }
      to = words.get(place - 1).to();
    }
    return sql.substring(from, to).strip();
  }

  /** What stands from here to the end, but for a semicolon there. */
  public String rest() {
    String rest = sql.substring(Math.min(next().from(), sql.length())).strip();
    return rest.endsWith(";") ? rest.substring(0, rest.length() - 1).strip() : rest;
  }

  /** Whether SQL has this word. */
  public static boolean occurs(String column, String where) {
    return Pattern.compile("(?i)(?<!\\w)" + Pattern.quote(column) + "(?!\\w)")
        .matcher(where)
        .find();
  }
}
