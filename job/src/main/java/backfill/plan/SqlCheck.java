package backfill.plan;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Decides whether a plan's expression may be sent: its parameters exist, and a query gives the same
 * rows each time.
 */
final class SqlCheck {
  /** The server's time at the start of the run; always there. */
  static final String NOW = "now";

  private static final Pattern TIME =
      Pattern.compile(
          "(?<![\\w.:])(current_timestamp|current_date|current_time|localtimestamp|localtime"
              + "|(?:now|curdate|getdate|sysdate|unix_timestamp)(?=\\s*\\(\\s*\\)))(?!\\w)",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern CHANCE =
      Pattern.compile(
          "(?<![\\w.:])(tablesample(?!\\w)|(?:rand|randn|random|randstr|uniform|uuid|shuffle"
              + "|monotonically_increasing_id|spark_partition_id)(?=\\s*\\())",
          Pattern.CASE_INSENSITIVE);

  /**
   * Spark goes on behind such a quote, PostgreSQL and {@link SqlText} do not. Two backslashes are
   * one.
   */
  private static final Pattern ESCAPED_QUOTE = Pattern.compile("(?<!\\\\)(?:\\\\\\\\)*\\\\['\"]");

  private final Set<String> known;

  SqlCheck(Collection<String> params) {
    this.known = new TreeSet<>(params);
    known.add(NOW);
  }

  /** A condition in PostgreSQL's SQL. */
  void condition(Node node, String key, String sql) {
    if (!new SqlText(sql).closed()) {
      node.problem(key, "opens a quote or a comment that is never closed");
    }
    for (String name : Placeholders.names(sql)) {
      if (!known.contains(name)) {
        node.problem(key, "uses :" + name + ", which is not in params" + Nearest.hint(name, known));
      }
    }
  }

  /** A query in Spark's SQL. A task that is tried again must give the rows that it gave before. */
  void query(Node node, String key, String sql) {
    condition(node, key, sql);
    if (ESCAPED_QUOTE.matcher(sql).find()) {
      node.problem(key, "escapes a quote with a backslash; double the quote instead");
    }
    String code = new SqlText(sql).code();
    for (String word : words(TIME, code)) {
      node.problem(
          key,
          "uses " + word + ", which differs on each run; use :now, the server's time at its start");
    }
    for (String word : words(CHANCE, code)) {
      node.problem(
          key,
          "uses "
              + word
              + ", which differs on each run; "
              + (word.equalsIgnoreCase("uuid")
                  ? "use run_uuid(key), which a task that is tried again gives again"
                  : "use a column, a parameter or, for the time, :now"));
    }
  }

  private static List<String> words(Pattern pattern, String code) {
    return pattern.matcher(code).results().map(match -> match.group(1)).distinct().toList();
  }
}
