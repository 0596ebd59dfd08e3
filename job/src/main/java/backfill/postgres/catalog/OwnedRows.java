package backfill.postgres.catalog;

import backfill.postgres.server.TableName;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Which rows of a target are a step's at all.
 *
 * @param condition PostgreSQL over the target's columns, its parameters written in
 * @param columns those that it names
 * @param defaults of these, the columns that no new row is given, to what it gets there, in SQL
 * @param asked whether each new row is asked for the condition; where not, all of them hold it, or
 *     nothing can say so before they are in
 */
public record OwnedRows(
    String condition, List<String> columns, Map<String, String> defaults, boolean asked)
    implements Serializable {
  public OwnedRows {
    columns = List.copyOf(columns);
    defaults = Map.copyOf(defaults);
  }

  /** Whether a condition says just the same, but for parentheses around it. */
  public boolean isAll(String other) {
    return bare(condition).equals(bare(other));
  }

  private static String bare(String condition) {
    String text = condition.strip();
    boolean around =
        text.startsWith("(") && text.endsWith(")") && text.indexOf(')') == text.length() - 1;
    return around ? bare(text.substring(1, text.length() - 1)) : text;
  }

  /**
   * The condition on a row that is to be added.
   *
   * @param given column to SQL, of all that rows are given
   */
  public String ofNewRow(TableName table, Map<String, String> given) {
    return "(SELECT ("
        + condition
        + "\n) FROM (SELECT "
        + columns.stream()
            .map(
                column ->
                    (given.containsKey(column) ? given.get(column) : defaults.get(column))
                        + " AS "
                        + TableName.quote(column))
            .collect(Collectors.joining(", "))
        + ") AS "
        + TableName.quote(table.name())
        + ")";
  }

  /**
   * The condition on a row {@code t} of the target, beside whatever else a statement names. As a
   * look at the row itself it is asked again when someone changed the row meanwhile.
   */
  public String ofRow(TableName table) {
    return ofRow(table, condition, columns);
  }

  /** Any condition over these columns of the table, on its row {@code t}. */
  static String ofRow(TableName table, String condition, List<String> columns) {
    return "(SELECT ("
        + condition
        + "\n) FROM (SELECT "
        + columns.stream()
            .map(column -> "t." + TableName.quote(column))
            .collect(Collectors.joining(", "))
        + ") AS "
        + TableName.quote(table.name())
        + ")";
  }
}
