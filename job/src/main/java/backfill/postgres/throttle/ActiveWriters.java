package backfill.postgres.throttle;

import java.util.Map;
import java.util.TreeMap;

/** Which writers of the present step are at work, by their numbers. Any thread may tell or ask. */
public final class ActiveWriters {
  private static final int BITS = 64;

  /** Number to attempts of it that run. */
  private final Map<Integer, Integer> active = new TreeMap<>();

  /** One begins, or another attempt of it. */
  public synchronized void begun(int writer) {
    active.merge(writer, 1, Integer::sum);
  }

  /** One has come to its end. */
  public synchronized void ended(int writer) {
    active.computeIfPresent(writer, (number, attempts) -> attempts > 1 ? attempts - 1 : null);
  }

  /** Another step begins. */
  synchronized void clear() {
    active.clear();
  }

  /** How many are at work. */
  synchronized int count() {
    return active.size();
  }

  /** A bit for each that leaves its turn to others, if so many may write at the same time. */
  synchronized long held(int allowed) {
    return active.keySet().stream()
        .skip(allowed)
        .filter(writer -> writer < BITS)
        .mapToLong(writer -> 1L << writer)
        .reduce(0, (one, other) -> one | other);
  }
}
