package backfill.postgres.throttle;

import backfill.plan.Settings;
import backfill.postgres.throttle.SignalReading.Level;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Decides from what the signals read how many rows a second the writers may write, and how many of
 * them. It grows while all is quiet, as TCP does: doubling up to half of what was too much, then by
 * a tenth a second; and halves where one signal is not quiet. Times are those of {@link
 * System#nanoTime}, and given: it has no clock of its own. Used by one thread.
 */
final class PaceControl {
  /** Where it begins if a signal tells late. */
  static final double FIRST = 20_000;

  /** Slower than this only a pause is: the run would never end, and every batch costs a commit. */
  static final double SLOWEST = 100;

  /** What a halving changes shows only after this. */
  private static final double SECONDS_BETWEEN_HALVINGS = 2;

  private static final double GROWTH = 0.1;
  private static final double ABOUT = 0.75;

  /** A bound that writers stay so far below for so long holds nothing. */
  private static final double FAR = 2;

  private static final double SECONDS_FAR = 3;
  private static final double SECONDS_QUIET_AFTER_HALVING = 20;

  private static final double NANOS = 1e9;

  private final Settings.Writers writers;
  private double rate = Double.POSITIVE_INFINITY;
  private double good = Double.POSITIVE_INFINITY;
  private double allowed;
  private boolean begun;
  private boolean paused;
  private boolean wasQuiet;
  private long lastNanos;
  private long halvedNanos;
  private long nearNanos;

  /**
   * What holds now.
   *
   * @param paused whether no batch may begin
   * @param rowsPerSecond of all writers together; empty where nothing bounds it
   * @param writers how many may write at the same time
   * @param by the signal that pauses or slows now; empty while all are quiet
   */
  record Decision(
      boolean paused, OptionalLong rowsPerSecond, int writers, Optional<SignalReading> by) {}

  PaceControl(Settings.Writers writers) {
    this.writers = writers;
    this.allowed = writers.max();
  }

  /** Whether its own bound holds the writers, so that it must know how fast they are. */
  boolean isBounded() {
    return rate < Double.POSITIVE_INFINITY;
  }

  /**
   * Decides.
   *
   * @param measured rows that all writers wrote in a second of late; empty where that is not known
   */
  Decision decide(List<SignalReading> readings, OptionalLong measured, long nowNanos) {
    Optional<SignalReading> worst = worst(readings);
    double seconds = begun ? Math.min(5, (nowNanos - lastNanos) / NANOS) : 0;
    if (!begun) {
      begin(readings, nowNanos);
    }
    lastNanos = nowNanos;
    boolean before = paused;
    paused = worst.filter(reading -> reading.level() == Level.PAUSE).isPresent();
    if (worst.isEmpty()) {
      grow(seconds, measured, nowNanos);
    } else if (!paused || !before) {
      // A pause says nothing of the rate; what led to it does.
      halve(measured, nowNanos);
    }
    return new Decision(
        paused,
        isBounded() ? OptionalLong.of(Math.round(rate)) : OptionalLong.empty(),
        (int) allowed,
        worst);
  }

  private static Optional<SignalReading> worst(List<SignalReading> readings) {
    return readings.stream()
        .filter(reading -> reading.level() != Level.QUIET)
        .max(Comparator.comparing(SignalReading::level));
  }

  private void begin(List<SignalReading> readings, long nowNanos) {
    begun = true;
    nearNanos = nowNanos;
    halvedNanos = nowNanos - (long) (SECONDS_QUIET_AFTER_HALVING * NANOS);
    if (readings.stream().anyMatch(SignalReading::late)) {
      rate = FIRST;
    }
  }

  private void halve(OptionalLong measured, long nowNanos) {
    nearNanos = nowNanos;
    if (nowNanos - halvedNanos < SECONDS_BETWEEN_HALVINGS * NANOS) {
      return;
    }
    halvedNanos = nowNanos;
    double now = measured.isPresent() && measured.getAsLong() > 0 ? measured.getAsLong() : rate;
    double from = Math.min(rate, now);
    rate = Math.max(SLOWEST, (from < Double.POSITIVE_INFINITY ? from : FIRST) / 2);
    // Halved once more on the way down: where it was too much is known already.
    if (good == Double.POSITIVE_INFINITY || wasQuiet && from > good * ABOUT) {
      good = rate;
    }
    wasQuiet = false;
    allowed = Math.max(writers.min(), Math.floor(allowed / 2));
  }

  private void grow(double seconds, OptionalLong measured, long nowNanos) {
    wasQuiet = true;
    allowed = Math.min(writers.max(), allowed + seconds);
    if (!isBounded()) {
      return;
    }
    if (rate < good) {
      rate = Math.min(good, rate * Math.pow(2, seconds));
    } else {
      rate *= Math.pow(1 + GROWTH, seconds);
    }
    boolean far =
        measured.isPresent() && measured.getAsLong() > 0 && rate > FAR * measured.getAsLong();
    if (!far) {
      nearNanos = nowNanos;
    }
    if (nowNanos - nearNanos >= SECONDS_FAR * NANOS
        && nowNanos - halvedNanos >= SECONDS_QUIET_AFTER_HALVING * NANOS
        && allowed >= writers.max()) {
      rate = Double.POSITIVE_INFINITY;
      good = Double.POSITIVE_INFINITY;
    }
  }
}
