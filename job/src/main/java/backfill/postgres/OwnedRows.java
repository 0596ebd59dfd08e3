package backfill.postgres;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Which rows of a target are a step's at all.
 *
 * @param condition PostgreSQL over the target's columns, its parameters written in
 * @param columns those that it names
 */
public record OwnedRows(String condition, List<String> columns) {
  public OwnedRows {
    columns = List.copyOf(columns);
  }

  /**
   * The condition on a row {@code t} of the target, beside whatever else a statement names. As a
   * look at the row itself it is asked again when somebody changed the row meanwhile.
   */
  public String ofRow(TableName table) {
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
