package backfill.plan;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the words of a Spark query that stand where a table does: behind FROM and JOIN, and behind
 * the commas between. A column of the same name is none, so that a view may have a column named
 * like itself.
 */
final class TablesInQuery {
  private static final Pattern TOKEN = Pattern.compile("[\\p{L}_][\\p{L}\\d_]*|[^\\s\\p{L}_]");
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

  private final Set<String> found = new LinkedHashSet<>();
  private final Deque<Boolean> outside = new ArrayDeque<>();
  private boolean inFrom;
  private boolean expectsTable;

  private TablesInQuery() {}

  /** In lower case, each once; names of common table expressions among them. */
  static Set<String> in(String query) {
    TablesInQuery names = new TablesInQuery();
    String previous = "";
    Matcher tokens = TOKEN.matcher(new SqlText(query).codeAndIdentifiers());
    while (tokens.find()) {
      String token = tokens.group().toLowerCase(Locale.ROOT);
      // IS DISTINCT FROM compares
      if (!(token.equals("from") && previous.equals("distinct"))) {
        names.accept(token);
      }
      previous = token;
    }
    return names.found;
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
      found.add(token);
      expectsTable = false;
    }
  }
}
