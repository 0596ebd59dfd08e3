package backfill.bench.load;

import java.util.SplittableRandom;

/**
 * When the transactions of an application are due: as independent users send them, at random and so
 * many a second on the average, whether those before them have ended or not. Thread-safe.
 */
final class Arrivals {
  private static final double NANOS_PER_SECOND = 1e9;

  private final double meanGapNanos;
  private final SplittableRandom random;
  private double next;

  /**
   * @param perSecond or 0 where each is due when a client is free
   */
  Arrivals(double perSecond, long seed) {
    this.meanGapNanos = perSecond == 0 ? 0 : NANOS_PER_SECOND / perSecond;
    this.random = new SplittableRandom(seed);
  }

  /**
   * The next one's time.
   *
   * @param nowNanos since the load began
   */
  synchronized long next(long nowNanos) {
    if (meanGapNanos == 0) {
      return nowNanos;
    }
    next += -Math.log(1 - random.nextDouble()) * meanGapNanos;
    return (long) next;
  }
}
