package backfill.membership;

import java.util.Arrays;

/**
 * Unites few members by level, each at the highest: one byte for each that there may be, and bits
 * that say where bytes are, so that what was added comes out in order without a sort. Where members
 * are too far apart for that they are sorted. Used by one thread for one union after the other.
 */
final class LevelUnion {
  /** Of these a byte each takes 64 MiB. */
  private static final long WIDEST = 1L << 26;

  private static final int SHIFT = 6;

  private final int smallest;
  private final byte[] levels;
  private final long[] bits;
  private final long[] words;
  private final long[] blocks;
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
    bits = narrow ? new long[(int) (span >>> SHIFT) + 1] : null;
    words = narrow ? new long[(bits.length >>> SHIFT) + 1] : null;
    blocks = narrow ? new long[(words.length >>> SHIFT) + 1] : null;
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
          int at = place >>> SHIFT;
          int word = at >>> SHIFT;
          bits[at] |= 1L << place;
          words[word] |= 1L << at;
          blocks[word >>> SHIFT] |= 1L << word;
          size++;
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
    long[] all = levels == null ? takenOfList() : takenOfBytes();
    size = 0;
    return all;
  }

  private long[] takenOfBytes() {
    long[] all = new long[size];
    int to = 0;
    for (int block = 0; block < blocks.length; block++) {
      for (long of = blocks[block]; of != 0; of &= of - 1) {
        int word = (block << SHIFT) + Long.numberOfTrailingZeros(of);
        for (long some = words[word]; some != 0; some &= some - 1) {
          int at = (word << SHIFT) + Long.numberOfTrailingZeros(some);
          for (long each = bits[at]; each != 0; each &= each - 1) {
            int place = (at << SHIFT) + Long.numberOfTrailingZeros(each);
            all[to++] = LevelMembers.packed(smallest + place, levels[place] - 1);
            levels[place] = 0;
          }
          bits[at] = 0;
        }
        words[word] = 0;
      }
      blocks[block] = 0;
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
    return Arrays.copyOf(list, distinct);
  }
}
