package backfill.postgres.catalog;

import backfill.postgres.server.TableName;
import java.io.Serializable;
import java.util.List;

/**
 * Which rows a partial index has.
 *
 * @param condition its predicate, as the catalog has it
 * @param columns every column that key and predicate name
 */
public record IndexedRows(String condition, List<String> columns) implements Serializable {
  /** The condition on a row {@code t} of the table. */
  public String ofRow(TableName table) {
    return OwnedRows.ofRow(table, condition, columns);
  }
}
