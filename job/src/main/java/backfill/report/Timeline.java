package backfill.report;

import java.util.ArrayList;
import java.util.List;

/**
 * How many rows were read and written when, in parts of a second or more: twice as long ones once
 * there are too many. Times are those of {@link System#nanoTime}. Used by one thread at a time.
 */
final class Timeline {
  private static final int MOST = 240;
  private static final long FIRST_NANOS = 1_000_000_000L;

  private final List<Part> parts = new ArrayList<>();
  private long lengthNanos = FIRST_NANOS;

  /** Rows of one stage, and of what in it, that came in this time. */
  record Part(Stage stage, String what, long fromNanos, long toNanos, long rows) {
    private boolean joins(Part next) {
      return stage == next.stage && what.equals(next.what);
    }

    private Part with(Part next) {
      return new Part(stage, what, fromNanos, next.toNanos, rows + next.rows);
    }
  }

  /** So many more rows came; where none came, nothing is noted. */
  void add(Part next) {
    if (next.rows() <= 0) {
      return;
    }
    Part last = parts.isEmpty() ? null : parts.get(parts.size() - 1);
    if (last != null && last.joins(next) && next.toNanos() - last.fromNanos() <= lengthNanos) {
      parts.set(parts.size() - 1, last.with(next));
    } else {
      parts.add(next);
    }
    if (parts.size() > MOST) {
      lengthNanos *= 2;
      join();
    }
  }

  private void join() {
    List<Part> joined = new ArrayList<>();
    for (Part part : parts) {
      Part last = joined.isEmpty() ? null : joined.get(joined.size() - 1);
      if (last != null && last.joins(part) && part.toNanos() - last.fromNanos() <= lengthNanos) {
        joined.set(joined.size() - 1, last.with(part));
      } else {
        joined.add(part);
      }
    }
    parts.clear();
    parts.addAll(joined);
  }

  List<Part> parts() {
    return List.copyOf(parts);
  }
}
