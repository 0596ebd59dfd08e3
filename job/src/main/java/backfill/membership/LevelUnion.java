package backfill.membership;

import java.util.Arrays;

/**
 * Unites few members by level, each at the highest and in order. Some arrays are merged; of more
 * than that a byte for each member that there may be and {@link MarkedPlaces} are used, or where
 * members are too far apart for these a sort. Used by one thread for one union after the other.
 */
final class LevelUnion {
  /** Up to so many arrays are merged sooner than marked, one by one at places far apart. */
  private static final int MERGED = 16;

  /** So many members are merged before more of them come, where all that come are merged. */
  private static final int HELD = 1 << 20;

  /** Of these a byte each takes 64 MiB. */
  private static final long WIDEST = 1L << 26;

  private final int smallest;
  private final long span;
  private long[][] parts = new long[MERGED][];
  private int[] most = new int[MERGED];
  private int count;
  private int size;
  private int mostHeld = HELD;
  private long[] into = new long[64];
  private long[] beside = new long[64];
  private byte[] levels;
  private MarkedPlaces marks;

  /**
   * @param smallest of all members, without sign
   * @param largest of all members, without sign
   */
  LevelUnion(int smallest, int largest) {
    this(smallest, largest, WIDEST);
  }

  /** Beside others: of these a byte each takes 16 MiB at most. */
  static LevelUnion oneOfSeveral(int[] ends) {
    return new LevelUnion(ends[0], ends[1], WIDEST / 4);
  }

  private LevelUnion(int smallest, int largest, long widest) {
    this.smallest = smallest;
    long all = Integer.toUnsignedLong(largest) - Integer.toUnsignedLong(smallest);
    span = all >= 0 && all < widest ? all : -1;
  }

  /** Adds members, each at its level, and at this one at most; they are not to be changed. */
  void add(long[] few, int atMost) {
    if (count == parts.length) {
      parts = Arrays.copyOf(parts, 2 * count);
      most = Arrays.copyOf(most, 2 * count);
    }
    parts[count] = few;
    most[count++] = atMost;
    size = Math.addExact(size, few.length);
    if (size > mostHeld && span < 0) {
      long[] so = taken();
      parts[count] = so;
      most[count++] = LevelMembers.LEVEL_MASK;
      size = so.length;
      mostHeld = Math.max(HELD, 2 * size);
    }
  }

  /** What was added, ascending, each once; nothing is left here. */
  long[] taken() {
    long[] all;
    if (count > MERGED && span >= 0) {
      all = marked();
    } else {
      if (into.length < size) {
        into = new long[Math.max(size, 2 * into.length)];
        beside = new long[into.length];
      }
      all = Arrays.copyOf(into, count == 0 ? 0 : merged(0, count, into, beside, 0));
    }
    Arrays.fill(parts, 0, count, null);
    count = 0;
    size = 0;
    return all;
  }

  /** Merges some parts into an array from a place on, and says where they end. */
  private int merged(int from, int to, long[] target, long[] other, int at) {
    if (to - from == 1) {
      return capped(parts[from], most[from], target, at);
    }
    int middle = (from + to) >>> 1;
    int second = at;
    for (int part = from; part < middle; part++) {
      second += parts[part].length;
    }
    int end = merged(from, middle, other, target, at);
    return merged(other, at, end, second, merged(middle, to, other, target, second), target);
  }

  private static int capped(long[] few, int most, long[] target, int at) {
    for (int i = 0; i < few.length; i++) {
      int level = Math.min(LevelMembers.level(few[i]), most);
      target[at + i] = few[i] & ~(long) LevelMembers.LEVEL_MASK | level;
    }
    return at + few.length;
  }

  /** Two that ascend, into a target at the first one's place. */
  private static int merged(
      long[] of, int first, int firstEnd, int second, int secondEnd, long[] target) {
    int one = first;
    int other = second;
    int to = first;
    while (one < firstEnd && other < secondEnd) {
      long left = of[one];
      long right = of[other];
      long ofLeft = left >>> LevelMembers.LEVEL_BITS;
      long ofRight = right >>> LevelMembers.LEVEL_BITS;
      // No branch on which one is smaller: that is by chance.
      target[to++] = ofLeft == ofRight ? Math.max(left, right) : Math.min(left, right);
      one += ofLeft <= ofRight ? 1 : 0;
      other += ofRight <= ofLeft ? 1 : 0;
    }
    System.arraycopy(of, one, target, to, firstEnd - one);
    to += firstEnd - one;
    System.arraycopy(of, other, target, to, secondEnd - other);
    return to + secondEnd - other;
  }

  private long[] marked() {
    if (levels == null) {
      levels = new byte[(int) span + 1];
      marks = new MarkedPlaces((int) span + 1);
    }
    for (int part = 0; part < count; part++) {
      mark(parts[part], most[part]);
    }
    int[] places = marks.taken(0);
    long[] all = new long[places.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = LevelMembers.packed(smallest + places[i], Byte.toUnsignedInt(levels[places[i]]) - 1);
      levels[places[i]] = 0;
    }
    return all;
  }

  private void mark(long[] few, int atMost) {
    for (long each : few) {
      int place = LevelMembers.member(each) - smallest;
      int level = Math.min(LevelMembers.level(each), atMost) + 1;
      int before = Byte.toUnsignedInt(levels[place]);
      if (level > before) {
        levels[place] = (byte) level;
        if (before == 0) {
          marks.add(place);
        }
      }
    }
  }
}
