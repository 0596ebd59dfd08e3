package backfill.postgres.server;

import backfill.plan.sql.SqlLexer;
import backfill.plan.sql.SqlLexer.Kind;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A statement's words as the server's lexer splits them, without comments and blanks, and a place
 * among them that goes forward. Used by one thread.
 */
public final class SqlWords {
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
      return kind == Kind.WORD || kind == Kind.NAME;
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
    List<Word> words =
        SqlLexer.tokens(sql).stream()
            .filter(token -> token.kind() != Kind.COMMENT)
            .map(token -> new Word(token.kind(), token.text(), token.from(), token.to()))
            .toList();
    return new SqlWords(sql, words);
  }

  /** All of them, wherever the place is. */
  public List<Word> all() {
    return words;
  }

  public boolean atEnd() {
    return place >= words.size();
  }

  /** Whether these come anywhere, one after the other; none is a quoted name. */
  public boolean says(String... expected) {
    SqlWords from = new SqlWords(sql, words);
    while (!from.atEnd()) {
      if (from.skip(expected)) {
        return true;
      }
      from.place++;
    }
    return false;
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

  /** The names that SQL has, and its key words, as the server takes them. */
  public static Set<String> names(String sql) {
    return of(sql).words.stream()
        .filter(Word::isName)
        .map(Word::text)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /** What stands between the commas of a list, those within brackets left alone. */
  public static List<String> listed(String sql) {
    List<String> parts = new ArrayList<>();
    SqlWords list = of(sql);
    int from = 0;
    while (!list.atEnd()) {
      list.until(",");
      Word comma = list.take();
      parts.add(sql.substring(from, comma.from()).strip());
      from = comma.to();
    }
    if (from < sql.length() || parts.isEmpty()) {
      parts.add(sql.substring(from).strip());
    }
    return parts;
  }

  /** SQL without these words where it ends with them. */
  public static String withoutEnd(String sql, String... end) {
    List<Word> words = of(sql).words;
    int from = words.size() - end.length;
    for (int i = 0; i < end.length; i++) {
      if (from < 0 || !words.get(from + i).is(end[i])) {
        return sql;
      }
    }
    return sql.substring(0, words.get(from).from()).strip();
  }
}
