package backfill.postgres.write;

import java.io.Serializable;
import java.util.List;

/**
 * Tells which parents there were when a step was read: a row that lost its parent since then is no
 * fault of the data.
 */
@FunctionalInterface
public interface Parents extends Serializable {
  /** No one looked: every absent parent counts as one that never was. */
  Parents UNKNOWN = (constraint, key) -> false;

  /**
   * Whether the parent was there.
   *
   * @param constraint the foreign key
   * @param key the values of its columns, as texts, in its order
   */
  boolean wasThere(String constraint, List<String> key);
}
