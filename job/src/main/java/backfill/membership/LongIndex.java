package backfill.membership;

import java.io.Serializable;
import java.util.Arrays;

/** Numbers by numbers, in two arrays: 12 bytes of memory for each place, half of them in use. */
final class LongIndex implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final int NONE = -1;

  private final long[] keys;
  private final int[] values;

  /**
   * @param size how many keys it will hold, at most
   */
  public LongIndex(int size) {
    int places = Integer.highestOneBit(Math.max(4, size)) << 2;
    this.keys = new long[places];
    this.values = new int[places];
    Arrays.fill(values, NONE);
  }

  /** Sets the value of a key, 0 or more, over the one that it had. */
  public void put(long key, int value) {
    int place = place(key);
    keys[place] = key;
    values[place] = value;
  }

  /** The value of a key, or a default. */
  public int get(long key, int absent) {
    int value = values[place(key)];
    return value == NONE ? absent : value;
  }

  private int place(long key) {
    int mask = keys.length - 1;
    int place = (int) ((key * 0x9E3779B97F4A7C15L) >>> 32) & mask;
    while (values[place] != NONE && keys[place] != key) {
      place = (place + 1) & mask;
    }
    return place;
  }
}
