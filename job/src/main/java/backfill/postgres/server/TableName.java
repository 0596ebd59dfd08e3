package backfill.postgres.server;

import java.io.Serializable;

/**
 * A table by schema and name, resolved once, so that no later {@code search_path} can make it
 * another table.
 */
public record TableName(String schema, String name) implements Serializable {

  /** The one that is shown to people so. */
  public static TableName shown(String text) {
    int dot = text.indexOf('.');
    return dot < 0
        ? new TableName("public", text)
        : new TableName(text.substring(0, dot), text.substring(dot + 1));
  }

  /** For a statement: both parts quoted. */
  public String quoted() {
    return quote(schema) + "." + quote(name);
  }

  /** For people; never for a statement. */
  @Override
  public String toString() {
    return schema.equals("public") ? name : schema + "." + name;
  }

  /**
   * A quoted identifier.
   *
   * @see <a href="https://www.postgresql.org/docs/current/sql-syntax-lexical.html">Lexical
   *     structure, 4.1.1</a>
   */
  public static String quote(String identifier) {
    return '"' + identifier.replace("\"", "\"\"") + '"';
  }
}
