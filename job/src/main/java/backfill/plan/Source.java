package backfill.plan;

import java.util.List;
import java.util.Optional;

/**
 * A table that a plan reads.
 *
 * @param name as queries and {@code from} say it
 * @param table as written in the plan, {@code table} or {@code schema.table}; quoted parts keep
 *     their case
 * @param database one of {@link Plan#databases}
 * @param where a PostgreSQL condition on its rows, asked on the server; parameters are {@code
 *     :name}
 * @param keyedBy the keys by which its rows are fetched; empty where all of it is read
 */
public record Source(
    String name, String table, String database, Optional<String> where, Optional<KeyedBy> keyedBy) {

  /**
   * Rows are fetched by the values of one column.
   *
   * @param column of the source's own table
   * @param keys where the values come from
   */
  public record KeyedBy(String column, List<KeyOrigin> keys) {
    public KeyedBy {
      keys = List.copyOf(keys);
    }
  }

  /**
   * Values of a column.
   *
   * @param from a source's or a view's name
   */
  public record KeyOrigin(String from, String column) {}
}
