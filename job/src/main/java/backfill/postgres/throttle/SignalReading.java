package backfill.postgres.throttle;

import java.util.OptionalDouble;

/**
 * What one signal read.
 *
 * @param name as the plan calls it
 * @param level what that does to the writers
 * @param severity how bad it is beside others of the same signal and level: the number, or what is
 *     as far below 0; none where there is nothing to read
 * @param text the reading in words, as in {@code 14.2 s}; of one that is unknown, why
 * @param bound what it must keep to, in words
 * @param known false where it could not be read: then it holds nothing back
 * @param late whether it tells what writers do some time after they did it, and there is something
 *     to tell
 */
public record SignalReading(
    String name,
    Level level,
    double severity,
    String text,
    String bound,
    boolean known,
    boolean late) {

  /** What a reading does to the writers. */
  public enum Level {
    QUIET,
    SLOW,
    PAUSE
  }

  static SignalReading unknown(PaceSignal signal, String why) {
    return new SignalReading(signal.name(), Level.QUIET, 0, why, signal.bound(), false, false);
  }

  /** Whether it is worth more of the report's attention than another one. */
  boolean isWorseThan(SignalReading other) {
    return other == null
        || level.compareTo(other.level) > 0
        || level == other.level && severity > other.severity;
  }

  /** The number itself, if it is known and not below 0. */
  OptionalDouble number() {
    return known && Double.isFinite(severity)
        ? OptionalDouble.of(Math.abs(severity))
        : OptionalDouble.empty();
  }

  /** For people: the signal, its reading and its bound. */
  public String words() {
    return name + " " + text + " (bound " + bound + ")";
  }
}
