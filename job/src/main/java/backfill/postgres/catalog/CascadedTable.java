package backfill.postgres.catalog;

import java.io.Serializable;
import java.util.List;

/**
 * A table that loses rows by {@code ON DELETE CASCADE} when a target does.
 *
 * @param table as messages name it
 * @param oids of itself and its partitions: where the server counts
 * @param target whether it is the target itself, whose own rows are not cascaded
 */
public record CascadedTable(String table, List<Long> oids, boolean target) implements Serializable {
  public CascadedTable {
    oids = List.copyOf(oids);
  }
}
