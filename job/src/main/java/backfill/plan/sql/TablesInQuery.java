package backfill.plan.sql;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;

/**
 * Finds the words of a Spark query that stand where a table does: behind FROM and JOIN, and behind
 * the commas between. A column of the same name is none, so that a view may have a column named
 * like itself.
 */
public final class TablesInQuery {
  private static final Set<String> ENDS_FROM =
      Set.of(
          "select",
          "where",
          "group",
          "having",
          "order",
          "sort",
          "cluster",
          "distribute",
          "limit",
          "offset",
          "window",
          "qualify",
          "union",
          "intersect",
          "except",
          "minus");
  private static final Set<String> BEFORE_TABLE = Set.of("lateral", "only", "table");

  /** A plan's queries are asked for theirs again and again. */
  private static final Map<String, Set<String>> KNOWN =
      Collections.synchronizedMap(new WeakHashMap<>());

  private final Set<String> found = new LinkedHashSet<>();
  private final Deque<Boolean> outside = new ArrayDeque<>();
  private boolean inFrom;
  private boolean expectsTable;

  private TablesInQuery() {}

  /** In lower case, each once; names of common table expressions among them. */
  public static Set<String> in(String query) {
    return KNOWN.computeIfAbsent(query, TablesInQuery::found);
  }

  private static Set<String> found(String query) {
    TablesInQuery names = new TablesInQuery();
    String previous = "";
    for (SqlLexer.Token token : SqlLexer.tokensOfEither(query)) {
      switch (token.kind()) {
        // IS DISTINCT FROM compares
        case WORD, SIGN -> {
          if (!(token.text().equals("from") && previous.equals("distinct"))) {
            names.accept(token.text());
          }
        }
        case BACKTICKED -> names.acceptName(token.text());
        case NAME, TEXT, COMMENT -> {}
      }
      previous = token.kind() == SqlLexer.Kind.COMMENT ? previous : token.text();
    }
    return Collections.unmodifiableSet(names.found);
  }

  private void accept(String token) {
    if (token.equals("(")) {
      outside.push(inFrom);
      inFrom = expectsTable; // FROM (a JOIN b) goes on, f(a, b) does not
    } else if (token.equals(")")) {
      inFrom = !outside.isEmpty() && outside.pop();
      expectsTable = false;
    } else if (token.equals(",")) {
      expectsTable = inFrom;
    } else if (token.equals("from") || token.equals("join")) {
      inFrom = true;
      expectsTable = true;
    } else if (ENDS_FROM.contains(token)) {
      inFrom = false;
      expectsTable = false;
    } else if (expectsTable && !BEFORE_TABLE.contains(token)) {
      acceptName(token);
    }
  }

  private void acceptName(String name) {
    if (expectsTable) {
      found.add(name.toLowerCase(Locale.ROOT));
      expectsTable = false;
    }
  }
}
