package backfill.membership.key;

import java.util.Arrays;

/**
 * Numbers distinct keys in the order in which they come, from 0. Keys are bytes; many are held in
 * two arrays, without an object for each. Filled by one thread, and read by many after that.
 */
public final class DistinctKeys {

  /** What is answered for a key that is not among them. */
  public static final int ABSENT = -1;

  private static final int LARGEST_ARRAY = Integer.MAX_VALUE - 8;

  private byte[] bytes;
  private int[] ends;

  /**
   * The hash of the key that is here, and its number + 1 in the lower half; or 0. A power of two
   * long.
   */
  private long[] slots;

  private int size;
  private int last;

  public DistinctKeys() {
    bytes = new byte[256];
    ends = new int[16];
    slots = new long[32];
  }

  /** Over keys that are distinct already; their numbers are their places. */
  DistinctKeys(KeyList keys) {
    bytes = keys.bytes();
    ends = keys.ends();
    size = keys.size();
    slots = new long[slotsFor(size)];
    for (int number = 0; number < size; number++) {
      put(hash(bytes, start(number), ends[number]), number);
    }
  }

  /**
   * The key's number, which is a new one if it was not there. Rows of one key mostly follow each
   * other: the last one is looked at first.
   */
  public int add(byte[] from, int start, int end) {
    if (size == 0 || !isAt(last, from, start, end)) {
      int hash = hash(from, start, end);
      last = find(hash, from, start, end);
      if (last == ABSENT) {
        append(from, start, end);
        last = size - 1;
        if (slotsFor(size) > slots.length) {
          widen();
        }
        put(hash, last);
      }
    }
    return last;
  }

  /** Adds all of these. */
  public void addAll(KeyList keys) {
    for (int place = 0; place < keys.size(); place++) {
      add(keys.bytes(), keys.start(place), keys.ends()[place]);
    }
  }

  /** The key's number, or {@link #ABSENT}. */
  int number(byte[] from, int start, int end) {
    return find(hash(from, start, end), from, start, end);
  }

  /** The keys, each at the place that is its number. */
  public KeyList list() {
    return new KeyList(Arrays.copyOf(bytes, used()), Arrays.copyOf(ends, size));
  }

  /** What {@link #list} would take in memory, about. */
  public long byteCount() {
    return used() + (long) Integer.BYTES * size;
  }

  /** At most two thirds are taken. */
  private static int slotsFor(int keys) {
    long least = Math.max(32, keys + keys / 2L);
    return (int) Math.min(1L << 30, Long.highestOneBit(least - 1) << 1);
  }

  private void widen() {
    long[] before = slots;
    slots = new long[2 * before.length];
    for (long slot : before) {
      if (slot != 0) {
        put((int) (slot >>> Integer.SIZE), (int) slot - 1);
      }
    }
  }

  /** Of a key that is in no slot. */
  private void put(int hash, int number) {
    int slot = hash & slots.length - 1;
    while (slots[slot] != 0) {
      slot = slot + 1 & slots.length - 1;
    }
    slots[slot] = (long) hash << Integer.SIZE | number + 1;
  }

  private int used() {
    return size == 0 ? 0 : ends[size - 1];
  }

  private int start(int number) {
    return number == 0 ? 0 : ends[number - 1];
  }

  private void append(byte[] from, int start, int end) {
    int used = used();
    int needed = Math.addExact(used, end - start);
    if (needed > bytes.length) {
      bytes = Arrays.copyOf(bytes, grown(needed));
    }
    System.arraycopy(from, start, bytes, used, end - start);
    if (size == ends.length) {
      ends = Arrays.copyOf(ends, grown(size + 1));
    }
    ends[size++] = needed;
  }

  private static int grown(int needed) {
    return (int) Math.min(LARGEST_ARRAY, Math.max(needed, needed * 3L / 2));
  }

  /** The hash tells most keys apart, without a look at their bytes. */
  private int find(int hash, byte[] from, int start, int end) {
    int slot = hash & slots.length - 1;
    while (slots[slot] != 0) {
      int number = (int) slots[slot] - 1;
      if ((int) (slots[slot] >>> Integer.SIZE) == hash && isAt(number, from, start, end)) {
        return number;
      }
      slot = slot + 1 & slots.length - 1;
    }
    return ABSENT;
  }

  private boolean isAt(int number, byte[] from, int start, int end) {
    return Arrays.equals(bytes, start(number), ends[number], from, start, end);
  }

  /** Spreads keys of one prefix, and of ascending numbers, over all bits. */
  public static int hash(byte[] from, int start, int end) {
    long hash = 0xCBF2_9CE4_8422_2325L;
    for (int at = start; at < end; at++) {
      hash = (hash ^ from[at]) * 0x0000_0100_0000_01B3L;
    }
    hash = (hash ^ hash >>> 32) * 0x9E37_79B9_7F4A_7C15L;
    return (int) (hash >>> 32);
  }
}
