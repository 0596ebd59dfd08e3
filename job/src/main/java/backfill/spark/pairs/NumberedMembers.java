package backfill.spark.pairs;

import backfill.membership.LongIndex;
import java.io.Serializable;
import java.util.Arrays;

/**
 * Some members of groups, on their way to the driver: the numbers of groups in a graph, and those
 * that users have in sets, as arrays of equal length.
 *
 * @param levels of each; null where memberships have none
 */
record NumberedMembers(int[] groups, int[] users, byte[] levels) implements Serializable {
  private static final int NONE = -1;

  /** Those of the groups that are asked for. */
  static NumberedMembers of(
      NumberedPairs pairs, LongIndex groups, PartialSetIterator.Numbering users) {
    int[] of = new int[pairs.size()];
    int[] who = new int[pairs.size()];
    byte[] levels = pairs.levels() == null ? null : new byte[pairs.size()];
    int size = 0;
    for (int i = 0; i < pairs.size(); i++) {
      int group = groups.get(pairs.keys()[i], NONE);
      if (group != NONE) {
        of[size] = group;
        if (levels != null) {
          levels[size] = (byte) pairs.level(i);
        }
        who[size++] = PartialSetIterator.numbered(pairs.members()[i], users);
      }
    }
    return new NumberedMembers(
        Arrays.copyOf(of, size),
        Arrays.copyOf(who, size),
        levels == null ? null : Arrays.copyOf(levels, size));
  }

  int size() {
    return groups.length;
  }
}
