package backfill.membership;

import java.io.Serializable;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Numbers by numbers, in two arrays: 12 bytes of memory for each place, at most half of them in
 * use. Places in a list of keys that are near each other need one array, without a search.
 */
public final class LongIndex implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final int NONE = -1;

  /** So many times as many places as keys are not too many, where there are no keys beside them. */
  private static final long SPREAD = 8;

  /** Null where a place is the distance from the smallest key. */
  private long[] keys;

  private int[] values;
  private final long smallest;
  private int size;

  /**
   * @param size how many keys it is to hold, about
   */
  LongIndex(int size) {
    this.smallest = 0;
    allocate(Integer.highestOneBit(Math.max(4, size)) << 2);
  }

  private LongIndex(long smallest, int places) {
    this.smallest = smallest;
    this.values = new int[places];
    Arrays.fill(values, NONE);
  }

  /** The places of some keys of a list. */
  static LongIndex ofPlaces(long[] ascending, BitSet some) {
    int length = ascending.length;
    long span = length == 0 ? 0 : ascending[length - 1] - ascending[0];
    LongIndex index =
        span >= 0 && span < SPREAD * length
            ? new LongIndex(length == 0 ? 0 : ascending[0], (int) span + 1)
            : new LongIndex(some.cardinality());
    some.stream().forEach(place -> index.put(ascending[place], place));
    return index;
  }

  private void allocate(int places) {
    keys = new long[places];
    values = new int[places];
    Arrays.fill(values, NONE);
  }

  /** Sets the value of a key, 0 or more, over the one that it had. */
  void put(long key, int value) {
    if (keys == null) {
      values[(int) (key - smallest)] = value;
      return;
    }
    int place = place(key);
    if (values[place] == NONE && ++size > keys.length / 2) {
      grow();
      place = place(key);
    }
    keys[place] = key;
    values[place] = value;
  }

  private void grow() {
    long[] before = keys;
    int[] of = values;
    allocate(2 * before.length);
    for (int i = 0; i < before.length; i++) {
      if (of[i] != NONE) {
        int place = place(before[i]);
        keys[place] = before[i];
        values[place] = of[i];
      }
    }
  }

  /** The value of a key, or a default. */
  public int get(long key, int absent) {
    if (keys == null) {
      long place = key - smallest;
      return place < 0 || place >= values.length || values[(int) place] == NONE
          ? absent
          : values[(int) place];
    }
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
