package backfill.spark.step;

import java.util.List;

/**
 * Rows that a step would set in one column, the first ones by key.
 *
 * @param column the target's
 * @param rows at most {@link Gains#LISTED}
 */
public record RowsToSet(String column, List<Change> rows) {

  /**
   * One of them; every value is a text, or null.
   *
   * @param before what the target has
   * @param after what the step would put there
   */
  public record Change(List<String> key, String before, String after) {}
}
