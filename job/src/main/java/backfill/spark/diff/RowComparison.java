package backfill.spark.diff;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeSet;

/**
 * Two diffs side by side: what one would do that the other would not. Neither what the target had
 * nor why a pair is given makes a difference.
 *
 * @param inBoth rows that are in both
 * @param steps of each step the rows that are in one only
 */
public record RowComparison(Side a, Side b, long inBoth, Map<String, Only> steps) {

  /**
   * One of the two.
   *
   * @param only rows that the other has not
   * @param first the first of these, in the order of their file
   */
  public record Side(long rows, long only, List<ReadRow> first) {}

  /** Rows of one step that are in one only. */
  public record Only(long inA, long inB) {
    private Only and(Only more) {
      return new Only(inA + more.inA, inB + more.inB);
    }
  }

  /**
   * Reads both.
   *
   * @param limit how many rows of each are brought that the other has not
   */
  public static RowComparison of(DiffInput a, DiffInput b, int limit) throws IOException {
    return of(a, b, limit, null);
  }

  /**
   * Reads both.
   *
   * @param step whose rows alone are compared; null for all
   */
  static RowComparison of(DiffInput a, DiffInput b, int limit, String step) throws IOException {
    List<String> steps = new ArrayList<>();
    try (RowBuckets ofA = RowBuckets.of(a, steps);
        RowBuckets ofB = RowBuckets.of(b, steps)) {
      Differences differences = new Differences(limit, steps, step);
      for (int bucket = 0; bucket < RowBuckets.BUCKETS; bucket++) {
        differences.compare(ofA, ofB, bucket);
      }
      return new RowComparison(
          new Side(ofA.rows(), differences.onlyInA, rows(a, differences.firstOfA)),
          new Side(ofB.rows(), differences.onlyInB, rows(b, differences.firstOfB)),
          differences.inBoth,
          differences.steps);
    }
  }

  public boolean different() {
    return a.only() + b.only() > 0;
  }

  private static List<ReadRow> rows(DiffInput input, PriorityQueue<Long> places)
      throws IOException {
    TreeSet<Long> wanted = new TreeSet<>(places);
    List<ReadRow> rows = new ArrayList<>();
    try (RowReader reader = input.rows()) {
      for (long place = 0; !wanted.isEmpty(); place++) {
        ReadRow row = reader.next();
        if (wanted.remove(place)) {
          rows.add(row);
        }
      }
    }
    return rows;
  }

  /** Counts bucket by bucket, and keeps the first places. */
  private static final class Differences {
    private final int limit;
    private final String step;
    private final List<String> names;
    private final Map<String, Only> steps = new LinkedHashMap<>();
    private final PriorityQueue<Long> firstOfA = new PriorityQueue<>(Collections.reverseOrder());
    private final PriorityQueue<Long> firstOfB = new PriorityQueue<>(Collections.reverseOrder());
    private long inBoth;
    private long onlyInA;
    private long onlyInB;

    Differences(int limit, List<String> names, String step) {
      this.limit = limit;
      this.step = step;
      this.names = names;
      names.forEach(name -> steps.put(name, new Only(0, 0)));
    }

    void compare(RowBuckets a, RowBuckets b, int bucket) throws IOException {
      Map<RowBuckets.Digest, ArrayDeque<RowBuckets.Entry>> left = new HashMap<>();
      a.read(
          bucket,
          entry -> left.computeIfAbsent(entry.digest(), of -> new ArrayDeque<>(1)).add(entry));
      b.read(
          bucket,
          entry -> {
            ArrayDeque<RowBuckets.Entry> same = left.get(entry.digest());
            if (same != null && same.poll() != null) {
              inBoth++;
            } else if (isCompared(entry)) {
              onlyInB++;
              keep(entry, firstOfB, new Only(0, 1));
            }
          });
      for (ArrayDeque<RowBuckets.Entry> entries : left.values()) {
        for (RowBuckets.Entry entry : entries) {
          if (isCompared(entry)) {
            onlyInA++;
            keep(entry, firstOfA, new Only(1, 0));
          }
        }
      }
    }

    private boolean isCompared(RowBuckets.Entry entry) {
      return step == null || names.get(entry.step()).equals(step);
    }

    private void keep(RowBuckets.Entry entry, PriorityQueue<Long> first, Only only) {
      steps.merge(names.get(entry.step()), only, Only::and);
      first.add(entry.place());
      if (first.size() > limit) {
        first.poll();
      }
    }
  }
}
