package backfill.report;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.OptionalLong;

/**
 * How fast a count grows, and when it will be whole. Judged by its recent growth: neither what came
 * before the first rows (a sort, a connection) nor what was faster a minute ago says anything of
 * the rest. Times are those of {@link System#nanoTime}. Used by one thread.
 */
final class Pace {
  /** What is older is forgotten, so long as enough is left to judge by. */
  private static final long RECENT_NANOS = 30_000_000_000L;

  /** Writers that commit one after the other look fast for a moment. */
  private static final long SHORTEST_NANOS = 3_000_000_000L;

  private static final int FEWEST = 4;

  private final long total;
  private final long sinceNanos;
  private final Deque<Mark> marks = new ArrayDeque<>();

  /** So many rows were there at that moment, for the first time. */
  private record Mark(long nanos, long rows) {}

  /**
   * @param total rows that it will be; 0 where that is not known
   * @param sinceNanos when nothing of it was there
   */
  Pace(long total, long sinceNanos) {
    this.total = total;
    this.sinceNanos = sinceNanos;
  }

  /** There are so many rows now; it never becomes fewer. */
  void mark(long rows, long nowNanos) {
    if (rows <= rows()) {
      return;
    }
    marks.add(new Mark(nowNanos, rows));
    while (marks.size() > FEWEST && marks.peekFirst().nanos() < nowNanos - RECENT_NANOS) {
      marks.removeFirst();
    }
  }

  long total() {
    return total;
  }

  long rows() {
    return marks.isEmpty() ? 0 : marks.peekLast().rows();
  }

  /** In percent of the total, which must be known. */
  long percent() {
    return Math.min(100, 100 * rows() / total);
  }

  /** Nothing as long as it cannot be told, of what has no total. */
  OptionalLong rowsPerSecond(long nowNanos) {
    if (rows() == 0 || total <= 0 && !isKnown()) {
      return OptionalLong.empty();
    }
    double perNano =
        isKnown() ? recentRate(nowNanos) : rows() / (double) Math.max(1, nowNanos - sinceNanos);
    return OptionalLong.of(Math.max(1, Math.round(perNano * 1e9)));
  }

  /** Nothing where the total, or the pace, is not known. */
  OptionalLong secondsLeft(long nowNanos) {
    if (total <= 0 || !isKnown()) {
      return OptionalLong.empty();
    }
    double nanos = Math.max(0, total - rows()) / recentRate(nowNanos);
    // What comes next has been under way since the last mark.
    double underWay = Math.min(nowNanos - marks.peekLast().nanos(), longestGap());
    return OptionalLong.of(Math.max(1, Math.round((nanos - underWay) / 1e9)));
  }

  private boolean isKnown() {
    return marks.size() > 1 && span() >= SHORTEST_NANOS;
  }

  private long span() {
    return marks.peekLast().nanos() - marks.peekFirst().nanos();
  }

  /** Rows in a nanosecond; less and less once a gap is longer than those before it. */
  private double recentRate(long nowNanos) {
    long rows = marks.peekLast().rows() - marks.peekFirst().rows();
    long overdue = nowNanos - marks.peekLast().nanos() - longestGap();
    return rows / (double) (span() + Math.max(0, overdue));
  }

  private long longestGap() {
    long longest = 0;
    Iterator<Mark> each = marks.iterator();
    for (long before = each.next().nanos(); each.hasNext(); ) {
      long next = each.next().nanos();
      longest = Math.max(longest, next - before);
      before = next;
    }
    return longest;
  }
}
