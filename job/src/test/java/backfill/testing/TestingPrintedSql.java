package backfill.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * What {@code check --sql} printed, taken apart as a reader would.
 *
 * @param locks mode and table of each comment that names a lock
 */
public record TestingPrintedSql(
    String heading, List<String> comments, TreeSet<String> locks, String sql) {
  private static final Pattern LOCK =
      Pattern.compile("-- ([A-Z ]+ on \\S+?)(?: and its .*)?: blocks .*");

  public static List<TestingPrintedSql> of(List<String> lines) {
    List<TestingPrintedSql> statements = new ArrayList<>();
    String heading = "";
    List<String> comments = new ArrayList<>();
    StringBuilder sql = new StringBuilder();
    boolean headingFollows = true;
    for (String line : lines) {
      if (line.isEmpty()) {
        headingFollows = true;
        comments.clear();
      } else if (headingFollows) {
        heading = line;
        headingFollows = false;
      } else if (sql.isEmpty() && line.startsWith("-- ")) {
        comments.add(line);
      } else if (line.endsWith(";")) {
        sql.append(line, 0, line.length() - 1);
        statements.add(
            new TestingPrintedSql(heading, List.copyOf(comments), locks(comments), sql.toString()));
        comments.clear();
        sql.setLength(0);
      } else {
        sql.append(line).append('\n');
      }
    }
    return statements;
  }

  private static TreeSet<String> locks(List<String> comments) {
    TreeSet<String> locks = new TreeSet<>();
    for (String comment : comments) {
      LOCK.matcher(comment).results().map(found -> found.group(1)).forEach(locks::add);
    }
    return locks;
  }

  /** Element types of the arrays that stand for its parameters. */
  public List<String> arrays() {
    return Pattern.compile("\\?::pg_catalog\\.(\\w+)\\[\\]")
        .matcher(sql)
        .results()
        .map((MatchResult found) -> found.group(1))
        .toList();
  }

  public static List<TestingPrintedSql> under(List<TestingPrintedSql> statements, String heading) {
    return statements.stream().filter(s -> s.heading().startsWith("-- " + heading)).toList();
  }
}
