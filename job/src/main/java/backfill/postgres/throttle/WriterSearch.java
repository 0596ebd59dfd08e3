package backfill.postgres.throttle;

import backfill.plan.Settings;
import java.util.Optional;

/**
 * Looks for the number of writers beyond which a write is no faster: some begin, and another one
 * follows as long as the last one added at least half of what each of the others writes. What slows
 * the writers meanwhile, or leaves fewer at work, begins a measurement anew. Times are those of
 * {@link System#nanoTime}, and given. Used by one thread.
 */
final class WriterSearch {
  /** So long is measured: a writer commits some tens of thousands of rows at once. */
  private static final double SECONDS = 10;

  private static final double WORTH = 0.5;
  private static final double NANOS = 1e9;

  private final int max;
  private int writers;
  private double before;
  private boolean measures;
  private long sinceNanos;
  private long sinceRows;
  private boolean over;

  WriterSearch(Settings.Writers writers) {
    this.max = writers.max();
    this.writers = writers.first();
    this.over = writers.first() == writers.max();
  }

  /** How many may write now. */
  int writers() {
    return writers;
  }

  /** Whether it is not known yet how many are best. */
  boolean lasts() {
    return !over;
  }

  /** The pace is not the writers' own: what was measured says nothing of their number. */
  void disturbed() {
    measures = false;
  }

  /**
   * Measures, and decides once that took long enough.
   *
   * @param rows that were written so far
   * @return what became of the number, in words, where it is another one or is found
   */
  Optional<String> look(long rows, long nowNanos) {
    if (over) {
      return Optional.empty();
    }
    if (!measures) {
      begin(rows, nowNanos);
      return Optional.empty();
    }
    double seconds = (nowNanos - sinceNanos) / NANOS;
    if (seconds < SECONDS) {
      return Optional.empty();
    }
    double rate = (rows - sinceRows) / seconds;
    begin(rows, nowNanos);
    return Optional.of(decide(rate));
  }

  private void begin(long rows, long nowNanos) {
    measures = true;
    sinceNanos = nowNanos;
    sinceRows = rows;
  }

  private String decide(double rate) {
    if (before > 0 && rate < before * (1 + WORTH / (writers - 1))) {
      over = true;
      writers--;
      return "%d writers, since another one makes the write no faster: %,.0f rows/s, %,.0f without it"
          .formatted(writers, rate, before);
    }
    before = rate;
    over = writers == max;
    if (over) {
      return "%d writers, as many as there may be: %,.0f rows/s".formatted(writers, rate);
    }
    // The new one's first rows come later than the others' next.
    measures = false;
    writers++;
    return "%d writers, %d wrote %,.0f rows/s".formatted(writers, writers - 1, rate);
  }
}
