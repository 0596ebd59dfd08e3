package backfill.postgres.server;

import java.util.ArrayList;
import java.util.List;

/**
 * A statement as it will be sent, for people who want to see it first.
 *
 * @param comments what to know of it, a line each: above all the locks that it takes
 */
public record ListedStatement(List<String> comments, String sql) {

  /** A statement that locks no table. */
  public ListedStatement(String sql) {
    this(List.of(), sql);
  }

  /** The same with one more thing to know of it, said first. */
  public ListedStatement with(String comment) {
    List<String> all = new ArrayList<>(List.of(comment));
    all.addAll(comments);
    return new ListedStatement(all, sql);
  }

  /** As SQL; no comment leaves its line, whatever a name in it holds. */
  public String text() {
    List<String> lines = new ArrayList<>();
    comments.forEach(comment -> lines.add("-- " + comment.strip().replaceAll("\\s+", " ")));
    lines.add(sql + ";");
    return String.join("\n", lines);
  }
}
