package backfill.postgres.catalog;

import backfill.postgres.server.TableName;
import java.util.ArrayList;
import java.util.List;

/**
 * Which columns a partial index's predicate keeps from being NULL: those whose {@code IS NOT NULL}
 * stands alone or is joined to the rest by AND alone, in the form in which the server prints an
 * expression.
 */
final class NotNullConjuncts {
  private NotNullConjuncts() {}

  static boolean exclude(String predicate, String column) {
    List<String> conjuncts = new ArrayList<>();
    split(predicate.strip(), conjuncts);
    return conjuncts.contains(column + " IS NOT NULL")
        || conjuncts.contains(TableName.quote(column) + " IS NOT NULL");
  }

  private static void split(String expression, List<String> conjuncts) {
    String inner = expression;
    if (wrapped(inner)) {
      split(inner.substring(1, inner.length() - 1).strip(), conjuncts);
      return;
    }
    int and = topLevelAnd(inner);
    if (and < 0) {
      conjuncts.add(inner);
      return;
    }
    split(inner.substring(0, and).strip(), conjuncts);
    split(inner.substring(and + " AND ".length()).strip(), conjuncts);
  }

  /** Whether the first parenthesis closes at the very end. */
  private static boolean wrapped(String expression) {
    return expression.startsWith("(") && closes(expression) == expression.length() - 1;
  }

  private static int closes(String expression) {
    int depth = 0;
    for (int i = 0; i < expression.length(); i++) {
      i = afterQuoted(expression, i);
      if (i < expression.length()) {
        depth += depthChange(expression.charAt(i));
      }
      if (depth == 0) {
        return i;
      }
    }
    return -1;
  }

  private static int topLevelAnd(String expression) {
    int depth = 0;
    for (int i = 0; i < expression.length(); i++) {
      i = afterQuoted(expression, i);
      if (i >= expression.length()) {
        return -1;
      }
      depth += depthChange(expression.charAt(i));
      if (depth == 0 && expression.startsWith(" AND ", i)) {
        return i;
      }
    }
    return -1;
  }

  private static int depthChange(char character) {
    return character == '(' ? 1 : character == ')' ? -1 : 0;
  }

  /** The last place of a string or a quoted name that begins at {@code i}, else {@code i}. */
  private static int afterQuoted(String expression, int i) {
    char quote = expression.charAt(i);
    if (quote != '\'' && quote != '"') {
      return i;
    }
    int end = expression.indexOf(quote, i + 1);
    return end < 0 ? expression.length() : end;
  }
}
