package backfill.spark.diff;

import backfill.postgres.server.RowEvent;
import java.util.List;

/**
 * One row that a step would add, set or take away. Each value is the text that the server writes,
 * or null, and stands where {@link DiffShape} has its column.
 *
 * @param reasons why a pair is to be added; else null
 * @param before what the target has; null for a row to add
 * @param after what the step would put there; null for a row to take away, and for a pair
 */
public record RowChange(
    RowEvent event, String[] key, GivenBy reasons, String[] before, String[] after) {

  /**
   * What gives a pair.
   *
   * @param direct the sources that name the user of the object
   * @param groups the groups through which the user has it, at most {@link #GROUPS}
   * @param moreGroups how many groups there are besides
   */
  public record GivenBy(List<String> direct, List<String> groups, long moreGroups) {
    /** How many groups are named. */
    public static final int GROUPS = 20;
  }
}
