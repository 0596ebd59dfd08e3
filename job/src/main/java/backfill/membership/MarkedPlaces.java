package backfill.membership;

/**
 * MarkedPlaces places among many: each is a bit, and bits above say where bits are, so that what
 * was marked comes out in order, once, without a sort. Used by one thread, again and again.
 */
final class MarkedPlaces {
  private static final int SHIFT = 6;

  private final long[] bits;
  private final long[] words;
  private final long[] blocks;
  private int size;

  /**
   * @param places how many there are, from 0
   */
  MarkedPlaces(int places) {
    bits = new long[(places >>> SHIFT) + 1];
    words = new long[(bits.length >>> SHIFT) + 1];
    blocks = new long[(words.length >>> SHIFT) + 1];
  }

  void add(int place) {
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

  /**
   * The places that were marked, ascending; none is from here on.
   *
   * @param first what stands for place 0
   */
  int[] taken(int first) {
    int[] all = new int[size];
    int to = 0;
    for (int block = 0; block < blocks.length; block++) {
      for (long some = blocks[block]; some != 0; some &= some - 1) {
        int word = (block << SHIFT) + Long.numberOfTrailingZeros(some);
        for (long of = words[word]; of != 0; of &= of - 1) {
          int at = (word << SHIFT) + Long.numberOfTrailingZeros(of);
          int from = first + (at << SHIFT);
          for (long each = bits[at]; each != 0; each &= each - 1) {
            all[to++] = from + Long.numberOfTrailingZeros(each);
          }
          bits[at] = 0;
        }
        words[word] = 0;
      }
      blocks[block] = 0;
    }
    size = 0;
    return all;
  }
}
