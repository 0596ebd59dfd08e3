package backfill.membership;

import java.util.Arrays;
import org.roaringbitmap.RoaringBitmap;

/**
 * What is reached from some keys of a graph, the nearest first, each by a shortest chain: of
 * several as short as each other by the one through the smallest keys. Only edges that pass a level
 * on are gone over. It is looked for no further than is asked. Used by one thread.
 */
public final class Reach {
  private final NestingGraph graph;
  private final int least;
  private final RoaringBitmap seen = new RoaringBitmap();
  private int[] numbers;
  private int[] before;
  private int size;
  private int first;

  /**
   * @param starts numbers of the graph
   * @param least the level; 0 for all edges
   */
  public Reach(NestingGraph graph, RoaringBitmap starts, int least) {
    this.graph = graph;
    this.least = least;
    this.numbers = starts.toArray();
    this.size = numbers.length;
    this.before = new int[size];
    Arrays.fill(before, -1);
    seen.or(starts);
  }

  /**
   * Goes one step further; false where there is nothing. What is as far as each other is ascending,
   * so that the smallest key finds what several would.
   */
  public boolean widen() {
    int end = size;
    for (int at = first; at < end; at++) {
      for (int place = graph.first(numbers[at]); place < graph.first(numbers[at] + 1); place++) {
        if (graph.passesOn(place, least) && seen.checkedAdd(graph.child(place))) {
          add(graph.child(place), at);
        }
      }
    }
    first = end;
    sort(end);
    return size > end;
  }

  private void add(int number, int from) {
    if (size == numbers.length) {
      numbers = Arrays.copyOf(numbers, 2 * size + 1);
      before = Arrays.copyOf(before, 2 * size + 1);
    }
    numbers[size] = number;
    before[size++] = from;
  }

  private void sort(int from) {
    long[] found = new long[size - from];
    for (int i = 0; i < found.length; i++) {
      found[i] = (long) numbers[from + i] << Integer.SIZE | before[from + i];
    }
    Arrays.sort(found);
    for (int i = 0; i < found.length; i++) {
      numbers[from + i] = (int) (found[i] >>> Integer.SIZE);
      before[from + i] = (int) found[i];
    }
  }

  /** How many keys are reached so far, the starts among them. */
  public int size() {
    return size;
  }

  /** The number of the graph at a place. */
  public int number(int place) {
    return numbers[place];
  }

  /** The keys from a start to the one at a place, both included. */
  public long[] chain(int place) {
    int length = 0;
    for (int at = place; at >= 0; at = before[at]) {
      length++;
    }
    long[] chain = new long[length];
    for (int at = place; at >= 0; at = before[at]) {
      chain[--length] = graph.key(numbers[at]);
    }
    return chain;
  }
}
