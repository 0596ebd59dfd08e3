package backfill.membership;

import java.util.Arrays;

/**
 * Unites sets of few members, each once and in order: by marks, or where members are too far apart
 * for these by a sort. Used by one thread for one union after the other.
 */
final class Gathering {
  /** Of these a bit each takes 32 MiB. */
  private static final long WIDEST = 1L << 28;

  private final int smallest;
  private final MarkedPlaces marks;
  private int[] list = new int[64];
  private int size;

  /**
   * @param smallest of all members, without sign
   * @param largest of all members, without sign
   */
  Gathering(int smallest, int largest) {
    this.smallest = smallest;
    long span = Integer.toUnsignedLong(largest) - Integer.toUnsignedLong(smallest);
    marks = span < 0 || span >= WIDEST ? null : new MarkedPlaces((int) span + 1);
  }

  /** Adds what a set has. */
  void add(MemberSet set) {
    int[] few = set.few();
    if (few != null && marks != null) {
      for (int member : few) {
        marks.add(member - smallest);
      }
    } else if (few != null) {
      addAll(few);
    } else if (marks != null) {
      set.many().forEach((int member) -> marks.add(member - smallest));
    } else {
      addAll(set.many().toArray());
    }
  }

  private void addAll(int[] few) {
    if (size + few.length > list.length) {
      list = Arrays.copyOf(list, Math.max(size + few.length, 2 * list.length));
    }
    System.arraycopy(few, 0, list, size, few.length);
    size += few.length;
  }

  /** What was added, ascending, each once; nothing is left here. */
  int[] taken() {
    if (marks != null) {
      return marks.taken(smallest);
    }
    OwnMembers.sort(list, 0, size);
    int distinct = 0;
    for (int i = 0; i < size; i++) {
      if (i == 0 || list[i] != list[i - 1]) {
        list[distinct++] = list[i];
      }
    }
    size = 0;
    return Arrays.copyOf(list, distinct);
  }
}
