package backfill.plan;

import java.util.List;
import java.util.Optional;

/**
 * The table of rows and the columns that identify one.
 *
 * @param object the column that says on what a row grants something; empty where the plan names
 *     none
 * @param user the column that says to whom; empty where the plan names none
 */
public record IntoRows(
    String table, List<String> key, Optional<String> object, Optional<String> user) {
  public IntoRows {
    key = List.copyOf(key);
  }

  /** Of rows that are about neither objects nor users. */
  public IntoRows(String table, List<String> key) {
    this(table, key, Optional.empty(), Optional.empty());
  }
}
