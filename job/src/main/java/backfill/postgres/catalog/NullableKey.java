package backfill.postgres.catalog;

import backfill.postgres.server.TableName;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The columns of a key that may be NULL, for a reason and its cure: all of them, so that one look
 * is enough.
 *
 * @param columns at least one
 */
public record NullableKey(Table table, List<String> columns) {
  public NullableKey {
    columns = columns.stream().map(TableName::quote).toList();
  }

  /** The beginning of a reason. */
  public String inWords() {
    return (columns.size() == 1 ? "key column " : "key columns ")
        + String.join(", ", columns)
        + " of "
        + table.name()
        + " may be NULL";
  }

  /** The statement after which none is. */
  public String setNotNull() {
    return "ALTER TABLE "
        + table.name().quoted()
        + columns.stream()
            .map(column -> " ALTER COLUMN " + column + " SET NOT NULL")
            .collect(Collectors.joining(","));
  }

  /** The condition that no row with such a NULL holds. */
  String noneIsNull() {
    return columns.stream()
        .map(column -> column + " IS NOT NULL")
        .collect(Collectors.joining(" AND "));
  }
}
