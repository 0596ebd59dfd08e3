package backfill.postgres.catalog;

import backfill.postgres.server.SqlWords;
import java.util.List;

/**
 * Which columns a partial index's predicate keeps from being NULL: those whose {@code IS NOT NULL}
 * stands alone or is joined to the rest by AND alone, in the form in which the server prints an
 * expression.
 */
final class NotNullConjuncts {
  private NotNullConjuncts() {}

  static boolean exclude(String predicate, String column) {
    return exclude(SqlWords.of(predicate).all(), column);
  }

  private static boolean exclude(List<SqlWords.Word> words, String column) {
    if (wrapped(words)) {
      return exclude(words.subList(1, words.size() - 1), column);
    }
    int and = topLevelAnd(words);
    if (and >= 0) {
      return exclude(words.subList(0, and), column)
          || exclude(words.subList(and + 1, words.size()), column);
    }
    return words.size() == 4
        && words.get(0).isName()
        && words.get(0).text().equals(column)
        && words.get(1).is("is")
        && words.get(2).is("not")
        && words.get(3).is("null");
  }

  /** Whether the first parenthesis closes at the very end. */
  private static boolean wrapped(List<SqlWords.Word> words) {
    int depth = 0;
    for (int i = 0; i < words.size(); i++) {
      depth += depthChange(words.get(i));
      if (depth == 0) {
        return i > 0 && i == words.size() - 1;
      }
    }
    return false;
  }

  private static int topLevelAnd(List<SqlWords.Word> words) {
    int depth = 0;
    for (int i = 0; i < words.size(); i++) {
      depth += depthChange(words.get(i));
      if (depth == 0 && words.get(i).is("and")) {
        return i;
      }
    }
    return -1;
  }

  private static int depthChange(SqlWords.Word word) {
    return word.is("(") ? 1 : word.is(")") ? -1 : 0;
  }
}
