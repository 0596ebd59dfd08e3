package backfill.plan;

import backfill.plan.sql.MomentTexts;
import backfill.plan.sql.Placeholders;
import backfill.plan.sql.SqlText;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

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
              + "|(?:now|curdate|getdate|sysdate|unix_timestamp|clock_timestamp|statement_timestamp"
              + "|transaction_timestamp|timeofday)(?=\\s*\\(\\s*\\))|age(?=\\s*\\([^(),]*\\)))(?!\\w)",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern CHANCE =
      Pattern.compile(
          "(?<![\\w.:])(tablesample(?!\\w)|(?:rand|randn|random|randstr|uniform|uuid|shuffle"
              + "|monotonically_increasing_id|spark_partition_id|input_file_\\w+|random_normal"
              + "|gen_random_uuid|uuid_generate_v\\w+|uuidv4|uuidv7|nextval|currval|lastval|setval|setseed"
              + "|txid_\\w+|pg_current_xact_id\\w*|pg_current_snapshot|pg_backend_pid)(?=\\s*\\())",
          Pattern.CASE_INSENSITIVE);

  /** Who asks, and from where: another role or machine would be given other rows. */
  private static final Pattern SESSION =
      Pattern.compile(
          "(?<![\\w.:])(current_user|session_user|current_role|current_catalog|current_schema"
              + "|(?:user|current_database|current_timezone|version|current_schemas|current_setting|inet_client_addr"
              + "|inet_client_port|has_\\w+_privilege|pg_has_role)(?=\\s*\\())(?!\\w)",
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
    repeatable(node, key, sql);
  }

  /**
   * A condition in PostgreSQL's SQL that decides which rows are a plan's: it must say the same in
   * each run, in each of its connections.
   */
  void selection(Node node, String key, String sql) {
    condition(node, key, sql);
    repeatable(node, key, sql);
  }

  /**
   * An expression in PostgreSQL's SQL that a row gets once: it may be random, and the time is :now.
   */
  void assigned(Node node, String key, String sql) {
    condition(node, key, sql);
    times(node, key, new SqlText(sql));
  }

  private static void times(Node node, String key, SqlText sql) {
    for (String word :
        Stream.concat(words(TIME, sql.code()).stream(), MomentTexts.in(sql).stream())
            .distinct()
            .toList()) {
      node.problem(
          key,
          "uses " + word + ", which differs on each run; use :now, the server's time at its start");
    }
  }

  private static void repeatable(Node node, String key, String sql) {
    SqlText text = new SqlText(sql);
    times(node, key, text);
    for (String word : words(CHANCE, text.code())) {
      node.problem(
          key,
          "uses "
              + word
              + ", which differs on each run; "
              + (word.equalsIgnoreCase("uuid")
                  ? "use run_uuid(key), which a task that is tried again gives again"
                  : "use a column, a parameter or, for the time, :now"));
    }
    for (String word : words(SESSION, text.code())) {
      node.problem(
          key, "uses " + word + ", which differs with the session that asks; use a parameter");
    }
  }

  /** Whether an expression gives another value whenever it is asked. */
  static boolean isChance(String sql) {
    return CHANCE.matcher(new SqlText(sql).code()).find();
  }

  private static List<String> words(Pattern pattern, String code) {
    return pattern.matcher(code).results().map(match -> match.group(1)).distinct().toList();
  }
}
