package backfill.membership;

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

  /** Number + 1 of the key that is here, or 0; a power of two long. */
  private int[] slots;

  private int size;

  public DistinctKeys() {
    bytes = new byte[256];
    ends = new int[16];
    slots = new int[32];
  }

  /** Over keys that are distinct already; their numbers are their places. */
  DistinctKeys(KeyList keys) {
    bytes = keys.bytes();
    ends = keys.ends();
    size = keys.size();
    slots = new int[slotsFor(size)];
    fillSlots();
  }

  /** The key's number, which is a new one if it was not there. */
  public int add(byte[] from, int start, int end) {
    int slot = slot(from, start, end);
    if (slots[slot] != 0) {
      return slots[slot] - 1;
    }
    append(from, start, end);
    slots[slot] = size;
    if (slotsFor(size) > slots.length) {
      slots = new int[2 * slots.length];
      fillSlots();
    }
    return size - 1;
  }

  /** Adds all of these. */
  public void addAll(KeyList keys) {
    for (int place = 0; place < keys.size(); place++) {
      add(keys.bytes(), keys.start(place), keys.ends()[place]);
    }
  }

  /** The key's number, or {@link #ABSENT}. */
  int number(byte[] from, int start, int end) {
    return slots[slot(from, start, end)] - 1;
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

  private void fillSlots() {
    for (int number = 0; number < size; number++) {
      // No two are equal: the first free slot is the one.
      slots[slot(bytes, start(number), ends[number])] = number + 1;
    }
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

  /** Where the key is, or else the free slot where it would be. */
  private int slot(byte[] from, int start, int end) {
    int mask = slots.length - 1;
    int slot = hash(from, start, end) & mask;
    while (slots[slot] != 0 && !isAt(slots[slot] - 1, from, start, end)) {
      slot = (slot + 1) & mask;
    }
    return slot;
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
