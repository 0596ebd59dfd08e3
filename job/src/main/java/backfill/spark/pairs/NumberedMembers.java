package backfill.spark.pairs;

import backfill.membership.LongIndex;
import java.io.Serializable;
import java.util.Arrays;

/**
 * Some members of groups, on their way to the driver: the numbers of groups in a graph, and those
 * that users have in sets, as two arrays of equal length.
 */
record NumberedMembers(int[] groups, int[] users) implements Serializable {
  private static final int NONE = -1;

  /** Those of the groups that are asked for. */
  static NumberedMembers of(
      NumberedPairs pairs, LongIndex groups, PartialSetIterator.Numbering users) {
    int[] of = new int[pairs.size()];
    int[] who = new int[pairs.size()];
    int size = 0;
    for (int i = 0; i < pairs.size(); i++) {
      int group = groups.get(pairs.keys()[i], NONE);
      if (group != NONE) {
        of[size] = group;
        who[size++] = PartialSetIterator.numbered(pairs.members()[i], users);
      }
    }
    return new NumberedMembers(Arrays.copyOf(of, size), Arrays.copyOf(who, size));
  }

  int size() {
    return groups.length;
  }
}
