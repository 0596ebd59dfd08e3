package backfill.membership;

import java.io.Serializable;
import java.util.List;

/**
 * How many generations of rows stand above each row of a table that refers to itself, as far as
 * they are among the same rows: a writer that takes the rows by generation meets no child before
 * its parents. Rows that refer to each other in a circle, and those below them, come last,
 * together.
 */
public final class Generations implements Serializable {
  private static final long serialVersionUID = 1L;

  private final LongIndex generationOf;

  private Generations(LongIndex generationOf) {
    this.generationOf = generationOf;
  }

  /**
   * @param rows those that refer to others: each the row's own number, and for each way to refer
   *     the number that the row has there for its children, and that of its parent; the same twice
   *     where it has none
   * @param ways how many ways there are
   */
  public static Generations of(List<long[]> rows, int ways) {
    int width = 1 + 2 * ways;
    int count = rows.stream().mapToInt(some -> some.length / width).sum();
    long[] all = new long[count * width];
    int to = 0;
    for (long[] some : rows) {
      System.arraycopy(some, 0, all, to, some.length);
      to += some.length;
    }
    return new Generations(indexed(all, width, generations(all, width, count)));
  }

  private static LongIndex indexed(long[] all, int width, int[] generation) {
    LongIndex index = new LongIndex(generation.length);
    for (int row = 0; row < generation.length; row++) {
      index.put(all[row * width], generation[row]);
    }
    return index;
  }

  /** Takes a row once all of its parents are taken. */
  private static int[] generations(long[] all, int width, int count) {
    int[] firstChild = filled(count);
    int[] nextChild = filled(count * (width / 2));
    int[] open = new int[count];
    for (int way = 0; way < width / 2; way++) {
      LongIndex rowOf = new LongIndex(count);
      for (int row = 0; row < count; row++) {
        rowOf.put(all[row * width + 1 + 2 * way], row);
      }
      for (int row = 0; row < count; row++) {
        long own = all[row * width + 1 + 2 * way];
        long parent = all[row * width + 2 + 2 * way];
        int above = own == parent ? -1 : rowOf.get(parent, -1);
        if (above >= 0) {
          int edge = row * (width / 2) + way;
          nextChild[edge] = firstChild[above];
          firstChild[above] = edge;
          open[row]++;
        }
      }
    }
    int[] generation = new int[count];
    int[] queue = new int[count];
    int queued = 0;
    for (int row = 0; row < count; row++) {
      // Not 0: that is of rows that refer to none, which are not among these.
      generation[row] = 1;
      if (open[row] == 0) {
        queue[queued++] = row;
      }
    }
    int last = 1;
    for (int taken = 0; taken < queued; taken++) {
      int row = queue[taken];
      last = Math.max(last, generation[row]);
      for (int edge = firstChild[row]; edge >= 0; edge = nextChild[edge]) {
        int child = edge / (width / 2);
        generation[child] = Math.max(generation[child], generation[row] + 1);
        if (--open[child] == 0) {
          queue[queued++] = child;
        }
      }
    }
    for (int row = 0; row < count; row++) {
      if (open[row] > 0) {
        generation[row] = last + 1;
      }
    }
    return generation;
  }

  private static int[] filled(int size) {
    int[] none = new int[size];
    java.util.Arrays.fill(none, -1);
    return none;
  }

  /** The generation of the row with this number; 0 for one that refers to no other. */
  public int of(long row) {
    return generationOf.get(row, 0);
  }
}
