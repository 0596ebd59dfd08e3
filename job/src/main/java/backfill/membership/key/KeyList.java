package backfill.membership.key;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Collection;

/**
 * Keys as bytes, one behind the other, each known by its place from 0.
 *
 * @param bytes of all keys
 * @param ends where each key ends
 */
public record KeyList(byte[] bytes, int[] ends) implements Serializable {

  /** How many keys there are. */
  public int size() {
    return ends.length;
  }

  /** Where a key begins. */
  public int start(int place) {
    return place == 0 ? 0 : ends[place - 1];
  }

  /** A copy of one key. */
  public byte[] key(int place) {
    return Arrays.copyOfRange(bytes, start(place), ends[place]);
  }

  /** What it takes in memory, about. */
  public long byteCount() {
    return bytes.length + (long) Integer.BYTES * ends.length;
  }

  /**
   * The same keys as a {@code varchar(n)} stores them: of a text of more characters the blanks
   * beyond these go. One that has anything else there stays as it is, and is refused when it is
   * written.
   *
   * @param most how many characters a text may have
   * @see <a href="https://www.postgresql.org/docs/current/datatype-character.html">Character
   *     Types</a>
   */
  public KeyList cutTo(int most) {
    int[] cut = new int[ends.length];
    boolean any = false;
    for (int place = 0; place < ends.length; place++) {
      cut[place] = endWithin(bytes, start(place), ends[place], most);
      any |= cut[place] < ends[place];
    }
    if (!any) {
      return this;
    }
    byte[] kept = new byte[bytes.length];
    int used = 0;
    for (int place = 0; place < ends.length; place++) {
      int length = cut[place] - start(place);
      System.arraycopy(bytes, start(place), kept, used, length);
      used += length;
      cut[place] = used;
    }
    return new KeyList(Arrays.copyOf(kept, used), cut);
  }

  /** Where a text of these bytes ends without the blanks beyond so many characters of UTF-8. */
  public static int endWithin(byte[] bytes, int start, int end, int most) {
    int characters = 0;
    for (int at = start; at < end; at++) {
      boolean begins = (bytes[at] & 0xC0) != 0x80;
      if (begins && ++characters > most) {
        for (int rest = at; rest < end; rest++) {
          if (bytes[rest] != ' ') {
            return end;
          }
        }
        return at;
      }
    }
    return end;
  }

  /** Puts keys behind each other, as many as are announced. */
  public static final class Builder {
    private final int[] ends;
    private byte[] bytes = new byte[256];
    private int size;

    public Builder(int keys) {
      ends = new int[keys];
    }

    /** Adds a key. */
    public void add(byte[] from, int start, int end) {
      int used = size == 0 ? 0 : ends[size - 1];
      int needed = Math.addExact(used, end - start);
      if (needed > bytes.length) {
        bytes = Arrays.copyOf(bytes, (int) Math.min(Integer.MAX_VALUE - 8L, needed * 3L / 2));
      }
      System.arraycopy(from, start, bytes, used, end - start);
      ends[size++] = needed;
    }

    /** All of them. */
    public KeyList list() {
      return new KeyList(Arrays.copyOf(bytes, size == 0 ? 0 : ends[size - 1]), ends);
    }
  }

  /** The keys of all lists, in their order. */
  static KeyList concat(Collection<KeyList> lists) {
    byte[] bytes = new byte[Math.toIntExact(lists.stream().mapToLong(l -> l.bytes.length).sum())];
    int[] ends = new int[Math.toIntExact(lists.stream().mapToLong(KeyList::size).sum())];
    int used = 0;
    int place = 0;
    for (KeyList list : lists) {
      System.arraycopy(list.bytes, 0, bytes, used, list.bytes.length);
      for (int end : list.ends) {
        ends[place++] = used + end;
      }
      used += list.bytes.length;
    }
    return new KeyList(bytes, ends);
  }

  /** The same keys, ascending by their bytes without sign. */
  KeyList sorted() {
    byte[] ordered = new byte[bytes.length];
    int[] orderedEnds = new int[ends.length];
    int used = 0;
    int place = 0;
    for (int key : order()) {
      int length = ends[key] - start(key);
      System.arraycopy(bytes, start(key), ordered, used, length);
      used += length;
      orderedEnds[place++] = used;
    }
    return new KeyList(ordered, orderedEnds);
  }

  /**
   * Places in the order of their keys, without an object for a key. Four bytes behind what all keys
   * begin with decide most of it, next to each other in memory; those that are equal in them are
   * compared.
   */
  private int[] order() {
    int common = commonBytes();
    long[] coded = new long[size()];
    for (int place = 0; place < coded.length; place++) {
      coded[place] = (long) (fourBytes(place, common) ^ Integer.MIN_VALUE) << Integer.SIZE | place;
    }
    Arrays.parallelSort(coded);
    int[] order = new int[coded.length];
    for (int at = 0; at < order.length; at++) {
      order[at] = (int) coded[at];
    }
    for (int low = 0, high; low < order.length; low = high) {
      high = low + 1;
      while (high < order.length && coded[high] >> Integer.SIZE == coded[low] >> Integer.SIZE) {
        high++;
      }
      if (high - low > 1) {
        System.arraycopy(ordered(Arrays.copyOfRange(order, low, high)), 0, order, low, high - low);
      }
    }
    return order;
  }

  /** How many bytes all keys begin with alike. */
  private int commonBytes() {
    int common = size() == 0 ? 0 : ends[0];
    for (int place = 1; place < size(); place++) {
      int differs = Arrays.mismatch(bytes, 0, common, bytes, start(place), ends[place]);
      common = differs < 0 ? common : differs;
    }
    return common;
  }

  /** As a number without sign; zeros stand behind a key's end. */
  private int fourBytes(int place, int skipped) {
    int four = 0;
    for (int at = start(place) + skipped; at < start(place) + skipped + Integer.BYTES; at++) {
      four = four << Byte.SIZE | (at < ends[place] ? bytes[at] & 0xFF : 0);
    }
    return four;
  }

  /** A merge sort from below; arrays of what is given are used up. */
  private int[] ordered(int[] places) {
    int[] from = places;
    int[] to = new int[places.length];
    for (long width = 1; width < places.length; width *= 2) {
      for (long low = 0; low < places.length; low += 2 * width) {
        int middle = (int) Math.min(low + width, places.length);
        int high = (int) Math.min(low + 2 * width, places.length);
        merge(from, to, (int) low, middle, high);
      }
      int[] merged = to;
      to = from;
      from = merged;
    }
    return from;
  }

  private void merge(int[] from, int[] to, int low, int middle, int high) {
    if (middle == high || compare(from[middle - 1], from[middle]) <= 0) {
      System.arraycopy(from, low, to, low, high - low);
      return;
    }
    int left = low;
    int right = middle;
    for (int at = low; at < high; at++) {
      boolean takesLeft = right == high || left < middle && compare(from[left], from[right]) <= 0;
      to[at] = takesLeft ? from[left++] : from[right++];
    }
  }

  private int compare(int one, int other) {
    return compare(one, this, other);
  }

  /** Compares one key with a key of another list. */
  int compare(int one, KeyList list, int other) {
    return Arrays.compareUnsigned(
        bytes, start(one), ends[one], list.bytes, list.start(other), list.ends[other]);
  }
}
