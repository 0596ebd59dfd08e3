package backfill.bench.load;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongPredicate;
import java.util.stream.LongStream;

/**
 * When each transaction of an application was due and how long after that it ended, in nanoseconds.
 * Counted from when it was due, not from when a client came to send it: what waits for a client
 * that is held up is slow, too. Not thread-safe: each client fills one of its own.
 */
final class Latencies {
  private static final double NANOS_PER_MILLI = 1e6;
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private long[] due = new long[1024];
  private long[] took = new long[1024];
  private int size;
  private final Map<String, Long> failures = new TreeMap<>();

  /**
   * Notes a transaction that was committed.
   *
   * @param dueNanos on the clock of the whole load
   */
  void add(long dueNanos, long endNanos) {
    if (size == due.length) {
      due = Arrays.copyOf(due, 2 * size);
      took = Arrays.copyOf(took, 2 * size);
    }
    due[size] = dueNanos;
    took[size] = endNanos - dueNanos;
    size++;
  }

  /** Notes one that the server ended; it has no latency. */
  void addFailure(String sqlState) {
    failures.merge(sqlState, 1L, Long::sum);
  }

  /** Adds what another client noted. */
  void addAll(Latencies other) {
    for (int i = 0; i < other.size; i++) {
      add(other.due[i], other.due[i] + other.took[i]);
    }
    other.failures.forEach((sqlState, count) -> failures.merge(sqlState, count, Long::sum));
  }

  int count() {
    return size;
  }

  /** How many failed, by SQLSTATE. */
  Map<String, Long> failures() {
    return failures;
  }

  /** Those that were due at such times; the failures are all there. */
  Latencies due(LongPredicate when) {
    Latencies within = new Latencies();
    for (int i = 0; i < size; i++) {
      if (when.test(due[i])) {
        within.add(due[i], due[i] + took[i]);
      }
    }
    within.failures.putAll(failures);
    return within;
  }

  /** Those that were due in each second, by its number. */
  Map<Long, Latencies> seconds() {
    Map<Long, Latencies> seconds = new TreeMap<>();
    for (int i = 0; i < size; i++) {
      seconds
          .computeIfAbsent(due[i] / NANOS_PER_SECOND, second -> new Latencies())
          .add(due[i], due[i] + took[i]);
    }
    return seconds;
  }

  /**
   * The smallest latency that at least this share of all do not exceed, in milliseconds; not a
   * number where there is none.
   *
   * @param share above 0, and 1 for the largest
   */
  double percentileMillis(double share) {
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException("a share is above 0 and at most 1, got " + share);
    }
    if (size == 0) {
      return Double.NaN;
    }
    long[] sorted = LongStream.of(took).limit(size).sorted().toArray();
    // 0.99 * 100 is a hair above 99 in binary, and its ceiling would be the next rank.
    int rank = (int) Math.ceil(share * size - 1e-9);
    return sorted[rank - 1] / NANOS_PER_MILLI;
  }
}
