package backfill.spark.diff;

import backfill.postgres.server.RowEvent;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * One row that a step would add, set or take away. Each value is the text that the server writes,
 * or null, and stands where {@link DiffShape} has its column.
 *
 * @param reasons why a pair is to be added, or gets another level; else null
 * @param before what the target has; null for a row to add, and for a pair without a level
 * @param after what the step would put there; null for a row to take away, and for a pair of which
 *     its key says it all
 */
public record RowChange(
    RowEvent event, String[] key, GivenBy reasons, String[] before, String[] after) {

  /**
   * What gives a pair.
   *
   * @param direct the sources that name the user of the object
   * @param groups the groups through which the user has it, at most {@link #GROUPS}
   * @param moreGroups how many groups there are besides
   * @param chain the shortest of all ways; null where it leads through nothing nested
   */
  public record GivenBy(List<String> direct, List<String> groups, long moreGroups, Chain chain) {
    /** How many groups are named. */
    public static final int GROUPS = 20;
  }

  /**
   * A way through what is nested.
   *
   * @param objects from the one that is granted down to the pair's; null where these are one
   * @param groups from the one that is granted down to the one that has the user; null where these
   *     are one, or the user is named
   */
  public record Chain(Links objects, Links groups) {}

  /**
   * Keys of which each holds the next.
   *
   * @param first the first of them, at most {@link #SHOWN}; all where there are no others
   * @param between how many are left out
   * @param last those at the end, as many
   */
  public record Links(List<String> first, long between, List<String> last) {
    /** How many keys are named at each end of a long chain. */
    public static final int SHOWN = 10;

    /** Of all of them. */
    public static Links of(int size, IntFunction<String> key) {
      int left = Math.max(0, size - 2 * SHOWN);
      int first = left == 0 ? size : SHOWN;
      return new Links(
          IntStream.range(0, first).mapToObj(key).toList(),
          left,
          IntStream.range(first + left, size).mapToObj(key).toList());
    }
  }
}
