package backfill.membership;

import java.util.Arrays;

/**
 * Unites sets of few members: each is a bit, and bits above say where bits are, so that what was
 * added comes out in order, once, without a sort. Where members are too far apart for that they are
 * sorted. Used by one thread for one union after the other.
 */
final class Gathering {
  /** Of these a bit each takes 32 MiB. */
  private static final long WIDEST = 1L << 28;

  private static final int SHIFT = 6;

  private final int smallest;
  private final long[] bits;
  private final long[] words;
  private final long[] blocks;
  private int[] list = new int[64];
  private int size;

  /**
   * @param smallest of all members, without sign
   * @param largest of all members, without sign
   */
  Gathering(int smallest, int largest) {
    this.smallest = smallest;
    long span = Integer.toUnsignedLong(largest) - Integer.toUnsignedLong(smallest);
    if (span < 0 || span >= WIDEST) {
      bits = null;
      words = null;
      blocks = null;
    } else {
      bits = new long[(int) (span >>> SHIFT) + 1];
      words = new long[(bits.length >>> SHIFT) + 1];
      blocks = new long[(words.length >>> SHIFT) + 1];
    }
  }

  /** Adds what a set has. */
  void add(MemberSet set) {
    int[] few = set.few();
    if (few != null && bits != null) {
      for (int member : few) {
        addBit(member - smallest);
      }
    } else if (few != null) {
      addAll(few);
    } else if (bits != null) {
      set.many().forEach((int member) -> addBit(member - smallest));
    } else {
      addAll(set.many().toArray());
    }
  }

  private void addBit(int place) {
    int at = place >>> SHIFT;
    long before = bits[at];
    long after = before | 1L << place;
    if (after != before) {
      bits[at] = after;
      size++;
      if (before == 0) {
        int word = at >>> SHIFT;
        words[word] |= 1L << at;
        blocks[word >>> SHIFT] |= 1L << word;
      }
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
    int[] all = bits != null ? takenBits() : takenOfList();
    size = 0;
    return all;
  }

  private int[] takenBits() {
    int[] all = new int[size];
    int to = 0;
    for (int block = 0; block < blocks.length; block++) {
      for (long some = blocks[block]; some != 0; some &= some - 1) {
        int word = (block << SHIFT) + Long.numberOfTrailingZeros(some);
        for (long of = words[word]; of != 0; of &= of - 1) {
          int at = (word << SHIFT) + Long.numberOfTrailingZeros(of);
          int from = smallest + (at << SHIFT);
          for (long each = bits[at]; each != 0; each &= each - 1) {
            all[to++] = from + Long.numberOfTrailingZeros(each);
          }
          bits[at] = 0;
        }
        words[word] = 0;
      }
      blocks[block] = 0;
    }
    return all;
  }

  private int[] takenOfList() {
    OwnMembers.sort(list, 0, size);
    int distinct = 0;
    for (int i = 0; i < size; i++) {
      if (i == 0 || list[i] != list[i - 1]) {
        list[distinct++] = list[i];
      }
    }
    return Arrays.copyOf(list, distinct);
  }
}
