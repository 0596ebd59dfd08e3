package backfill.membership;

import java.util.Arrays;

/**
 * Unites few members by level, each at the highest and in order: by one byte for each that there
 * may be and {@link MarkedPlaces}, or where members are too far apart for these by a sort. Used by
 * one thread for one union after the other.
 */
final class LevelUnion {
  /** Of these a byte each takes 64 MiB. */
  private static final long WIDEST = 1L << 26;

  private final int smallest;
  private final byte[] levels;
  private final MarkedPlaces marks;
  private long[] list = new long[64];
  private int size;

  /**
   * @param smallest of all members, without sign
   * @param largest of all members, without sign
   */
  LevelUnion(int smallest, int largest) {
    this.smallest = smallest;
    long span = Integer.toUnsignedLong(largest) - Integer.toUnsignedLong(smallest);
    boolean narrow = span >= 0 && span < WIDEST;
    levels = narrow ? new byte[(int) span + 1] : null;
    marks = narrow ? new MarkedPlaces((int) span + 1) : null;
  }

  /** Adds members, each at its level, and at this one at most. */
  void add(long[] few, int most) {
    if (levels == null) {
      addToList(few, most);
      return;
    }
    for (long each : few) {
      int place = LevelMembers.member(each) - smallest;
      byte level = (byte) (Math.min(LevelMembers.level(each), most) + 1);
      byte before = levels[place];
      if (level > before) {
        levels[place] = level;
        if (before == 0) {
          marks.add(place);
        }
      }
    }
  }

  private void addToList(long[] few, int most) {
    if (size + few.length > list.length) {
      list = Arrays.copyOf(list, Math.max(size + few.length, 2 * list.length));
    }
    for (long each : few) {
      list[size++] =
          LevelMembers.packed(LevelMembers.member(each), Math.min(LevelMembers.level(each), most));
    }
  }

  /** What was added, ascending, each once; nothing is left here. */
  long[] taken() {
    return levels == null ? takenOfList() : takenOfBytes();
  }

  private long[] takenOfBytes() {
    int[] places = marks.taken(0);
    long[] all = new long[places.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = LevelMembers.packed(smallest + places[i], levels[places[i]] - 1);
      levels[places[i]] = 0;
    }
    return all;
  }

  private long[] takenOfList() {
    Arrays.sort(list, 0, size);
    int distinct = 0;
    for (int i = 0; i < size; i++) {
      if (i + 1 == size || LevelMembers.member(list[i]) != LevelMembers.member(list[i + 1])) {
        list[distinct++] = list[i];
      }
    }
    size = 0;
    return Arrays.copyOf(list, distinct);
  }
}
