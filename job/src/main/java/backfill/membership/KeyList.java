package backfill.membership;

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

  /** Places in the order of their keys: a merge sort from below, without an object for a key. */
  private int[] order() {
    int[] from = new int[size()];
    Arrays.setAll(from, place -> place);
    int[] to = new int[size()];
    for (long width = 1; width < size(); width *= 2) {
      for (long low = 0; low < size(); low += 2 * width) {
        merge(from, to, (int) low, until(low + width), until(low + 2 * width));
      }
      int[] merged = to;
      to = from;
      from = merged;
    }
    return from;
  }

  private int until(long place) {
    return (int) Math.min(place, size());
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
