package backfill.membership;

import java.util.Arrays;
import java.util.List;

/**
 * What is nested in what, one level deep: groups or objects, numbered densely in the order of their
 * keys, and for each the numbers of its children, all in a few arrays. Read by many threads.
 */
public final class NestingGraph {
  /** What {@link #number} answers for a key that no edge has. */
  public static final int ABSENT = -1;

  /** Of memory while it is built, about: two keys, sorted once more, and two places of an index. */
  private static final long BYTES_PER_EDGE = 96;

  private final long[] keys;
  private final LongIndex numbers;
  private final int[] first;
  private final int[] children;
  private final long edges;

  private NestingGraph(long[] keys, LongIndex numbers, int[] first, int[] children, long edges) {
    this.keys = keys;
    this.numbers = numbers;
    this.first = first;
    this.children = children;
    this.edges = edges;
  }

  /**
   * @param parents the keys of parents, in arrays
   * @param children the keys of their children, in arrays of the same lengths
   * @param more keys that are numbered, too
   */
  public static NestingGraph of(List<long[]> parents, List<long[]> children, long[] more) {
    long[] above = concat(parents);
    long[] below = concat(children);
    if (above.length != below.length) {
      throw new IllegalArgumentException(
          "each edge has a parent and a child, got " + above.length + " and " + below.length);
    }
    long[] keys = distinct(above, below, more);
    LongIndex numbers = new LongIndex(keys.length);
    for (int number = 0; number < keys.length; number++) {
      numbers.put(keys[number], number);
    }
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
    for (int edge = 0; edge < above.length; edge++) {
      all[next[parentOf[edge]]++] = numbers.get(below[edge], ABSENT);
    }
    return new NestingGraph(keys, numbers, first, all, above.length);
  }

  /** What a graph of so many edges takes in memory while it is built, at most, about. */
  public static long bytes(long edges) {
    return edges * BYTES_PER_EDGE;
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

  private static long[] distinct(long[]... some) {
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

  /** How many keys the edges have. */
  public int size() {
    return keys.length;
  }

  /** How many edges it was made of, one that came twice counted twice. */
  public long edges() {
    return edges;
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
}
