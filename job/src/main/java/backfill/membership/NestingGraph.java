package backfill.membership;

import java.io.Serializable;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * What is nested in what, one level deep: groups or objects, numbered densely in the order of their
 * keys, and for each the numbers of its children, all in a few arrays. Read by many threads.
 */
public final class NestingGraph implements Serializable {
  private static final long serialVersionUID = 1L;

  /** What {@link #number} answers for a key that no edge has. */
  public static final int ABSENT = -1;

  /** Of memory while it is built, about: two keys, sorted once more, and two places of an index. */
  private static final long BYTES_PER_EDGE = 96;

  /** A key, its place in an index, its first child, and its place in components. */
  private static final long BYTES_PER_KEY = 80;

  private final long[] keys;
  private final LongIndex numbers;
  private final int[] first;
  private final int[] children;
  private final byte[] levels;

  private NestingGraph(long[] keys, LongIndex numbers, int[] first, int[] children, byte[] levels) {
    this.keys = keys;
    this.numbers = numbers;
    this.first = first;
    this.children = children;
    this.levels = levels;
  }

  /**
   * @param parents the keys of parents, in arrays
   * @param children the keys of their children, in arrays of the same lengths
   * @param more keys that are numbered, too
   */
  public static NestingGraph of(List<long[]> parents, List<long[]> children, long[] more) {
    return of(parents, children, null, more);
  }

  /**
   * The same, of edges that pass levels on.
   *
   * @param levels of each edge the highest that it passes on, in arrays of the same lengths; null
   *     where each passes on any
   */
  public static NestingGraph of(
      List<long[]> parents, List<long[]> children, List<byte[]> levels, long[] more) {
    long[] above = concat(parents);
    long[] below = concat(children);
    if (above.length != below.length) {
      throw new IllegalArgumentException(
          "each edge has a parent and a child, got " + above.length + " and " + below.length);
    }
    long[] keys = distinct(above, below, more);
    LongIndex numbers = LongIndex.ofPlaces(keys, all(keys.length));
    int[] first = new int[keys.length + 1];
    int[] parentOf = new int[above.length];
    for (int edge = 0; edge < above.length; edge++) {
      parentOf[edge] = numbers.get(above[edge], ABSENT);
      first[parentOf[edge] + 1]++;
    }
    for (int number = 0; number < keys.length; number++) {
      first[number + 1] += first[number];
    }
    int[] next = Arrays.copyOf(first, keys.length);
    int[] all = new int[above.length];
    byte[] passed = levels == null ? null : new byte[above.length];
    byte[] ofEdges = levels == null ? null : concatBytes(levels, above.length);
    for (int edge = 0; edge < above.length; edge++) {
      int place = next[parentOf[edge]]++;
      all[place] = numbers.get(below[edge], ABSENT);
      if (passed != null) {
        passed[place] = ofEdges[edge];
      }
    }
    return new NestingGraph(keys, numbers, first, all, passed);
  }

  /** Where what each number has begins, in one array of all; behind the last, how much that is. */
  static int[] first(int numbers, List<int[]> owners) {
    int[] first = new int[numbers + 1];
    for (int[] some : owners) {
      for (int owner : some) {
        first[owner + 1]++;
      }
    }
    Arrays.parallelPrefix(first, Math::addExact);
    return first;
  }

  private static BitSet all(int size) {
    BitSet all = new BitSet(size);
    all.set(0, size);
    return all;
  }

  /** What a graph of so many edges takes in memory while it is built, at most, about. */
  public static long bytes(long edges) {
    return edges * BYTES_PER_EDGE;
  }

  /** What it takes in memory once it is built, with its components and what these hold. */
  public long bytes() {
    return BYTES_PER_KEY * size() + 2L * Integer.BYTES * children.length;
  }

  private static long[] concat(List<long[]> some) {
    long[] all = new long[Math.toIntExact(some.stream().mapToLong(each -> each.length).sum())];
    int to = 0;
    for (long[] each : some) {
      System.arraycopy(each, 0, all, to, each.length);
      to += each.length;
    }
    return all;
  }

  private static byte[] concatBytes(List<byte[]> some, int size) {
    byte[] all = new byte[size];
    int to = 0;
    for (byte[] each : some) {
      System.arraycopy(each, 0, all, to, each.length);
      to += each.length;
    }
    return all;
  }

  private static long[] distinct(long[]... some) {
    long smallest = Long.MAX_VALUE;
    long largest = Long.MIN_VALUE;
    long count = 0;
    for (long[] each : some) {
      for (long key : each) {
        smallest = Math.min(smallest, key);
        largest = Math.max(largest, key);
      }
      count += each.length;
    }
    long span = largest - smallest;
    return span >= 0 && span < Math.min(Long.SIZE * count, Integer.MAX_VALUE)
        ? marked(some, smallest, (int) span)
        : sorted(some);
  }

  /** Keys that are near each other, without a sort. */
  private static long[] marked(long[][] some, long smallest, int span) {
    BitSet marks = new BitSet(span + 1);
    for (long[] each : some) {
      for (long key : each) {
        marks.set((int) (key - smallest));
      }
    }
    return marks.stream().mapToLong(mark -> smallest + mark).toArray();
  }

  private static long[] sorted(long[][] some) {
    long[] all = concat(List.of(some));
    Arrays.parallelSort(all);
    int size = 0;
    for (int i = 0; i < all.length; i++) {
      if (i == 0 || all[i] != all[i - 1]) {
        all[size++] = all[i];
      }
    }
    return Arrays.copyOf(all, size);
  }

  /** How many keys are numbered. */
  public int size() {
    return keys.length;
  }

  /** How many of its keys an edge has; the others were numbered, too. */
  public int nested() {
    BitSet named = new BitSet(size());
    for (int number = 0; number < size(); number++) {
      if (first[number + 1] > first[number]) {
        named.set(number);
      }
    }
    for (int child : children) {
      named.set(child);
    }
    return named.cardinality();
  }

  /** The numbers of some keys, to be sent elsewhere. */
  public LongIndex index(BitSet some) {
    return LongIndex.ofPlaces(keys, some);
  }

  /** The numbers of all keys, to be sent elsewhere. */
  public LongIndex index() {
    return numbers;
  }

  /** How many edges it was made of, one that came twice counted twice. */
  public long edges() {
    return children.length;
  }

  /** The key's number, or {@link #ABSENT}. */
  public int number(long key) {
    return numbers.get(key, ABSENT);
  }

  /** The key that has this number. */
  public long key(int number) {
    return keys[number];
  }

  /** The place of the first child in {@link #child}; those of the next number begin behind it. */
  int first(int number) {
    return first[number];
  }

  /** The number of the child at a place. */
  int child(int place) {
    return children[place];
  }

  /** Whether the edge at a place passes a level on. */
  boolean passesOn(int place, int level) {
    return levels == null || levels[place] >= level;
  }

  /** The highest level that the edge at a place passes on, of so many; the highest there is. */
  int level(int place, int count) {
    return levels == null ? count - 1 : levels[place];
  }
}
