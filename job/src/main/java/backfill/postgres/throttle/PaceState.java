package backfill.postgres.throttle;

import backfill.plan.Throttle;
import backfill.postgres.ledger.Asked;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * What holds a run's writers now, and what has become of its pace so far; it says what changes.
 * Told by the throttle's thread; any may ask.
 */
final class PaceState {
  private final Consumer<String> say;
  private final PaceLog log;
  private final Map<String, SignalReading> last = new LinkedHashMap<>();
  private final Map<String, SignalReading> worst = new LinkedHashMap<>();
  private double mostLagMillis = Double.NaN;
  private volatile Asked asked = Asked.NOTHING;
  private volatile PaceNow now;

  PaceState(Consumer<String> say) {
    this.say = say;
    this.log = new PaceLog(say);
  }

  void say(String line) {
    say.accept(line);
  }

  /** The signals read this. */
  synchronized void read(List<SignalReading> readings) {
    for (SignalReading reading : readings) {
      last.put(reading.name(), reading);
      if (reading.name().equals(Throttle.Bound.REPLICA_LAG.key())) {
        reading.number().ifPresent(lag -> mostLagMillis = Math.max(lag, orLess(mostLagMillis)));
      }
      if (reading.level() != SignalReading.Level.QUIET
          && reading.isWorseThan(worst.get(reading.name()))) {
        worst.put(reading.name(), reading);
      }
    }
  }

  /** People asked for this so far. */
  void asked(Asked latest) {
    latest.log().stream()
        .skip(asked.log().size())
        .filter(entry -> entry.rowsPerSecond() != null)
        .forEach(
            entry ->
                say(
                    "throttle: pace "
                        + entry.rowsPerSecond()
                        + (entry.rowsPerSecond().equals(Asked.OFF) ? "" : " rows/s")
                        + ", asked by "
                        + entry.by()));
    asked = latest;
  }

  /**
   * This was decided.
   *
   * @param pausing the signal that pauses the writers, if one does
   */
  void decided(PaceNow decided, Optional<SignalReading> pausing, long nowNanos) {
    now = decided;
    log.now(asked, pausing, nowNanos);
  }

  /** A step's writing is over. */
  void end() {
    log.end(System.nanoTime());
    now = null;
  }

  /** Whether no batch and no statement may begin now. */
  boolean isPaused() {
    return log.pausedForMillis(System.nanoTime()).isPresent();
  }

  /** What holds the writers back, with its reading; empty where nothing does. */
  Optional<String> holds() {
    PaceNow present = now;
    if (present == null) {
      return Optional.empty();
    }
    String why =
        asked.paused()
            ? "paused by " + asked.pausedBy()
            : present.by() == null ? "bound" : present.by();
    Optional<Long> paused = log.pausedForMillis(System.nanoTime());
    if (paused.isPresent()) {
      return Optional.of(
          "the throttle: " + why + ", for " + ReadingUnit.MILLIS.words(paused.get()));
    }
    return rate(present)
        .map(
            rows -> "the throttle: " + rows + " rows/s" + (present.by() == null ? "" : ", " + why));
  }

  private Optional<String> rate(PaceNow present) {
    OptionalLong bound = present.pacing().rowsPerSecond();
    if (asked.rowsPerSecond() != null && !asked.rowsPerSecond().equals(Asked.OFF)) {
      long person = Long.parseLong(asked.rowsPerSecond());
      bound = OptionalLong.of(Math.min(person, bound.orElse(person)));
    }
    return bound.isPresent()
        ? Optional.of(String.format(Locale.ROOT, "%,d", bound.getAsLong()))
        : Optional.empty();
  }

  private static double orLess(double most) {
    return Double.isNaN(most) ? 0 : most;
  }

  /** What the signal of that name read. */
  synchronized ReplicaLag replicaLag() {
    SignalReading read = last.get(Throttle.Bound.REPLICA_LAG.key());
    return new ReplicaLag(
        read == null ? OptionalDouble.empty() : seconds(read.number().orElse(Double.NaN)),
        seconds(mostLagMillis));
  }

  private static OptionalDouble seconds(double millis) {
    return Double.isNaN(millis) ? OptionalDouble.empty() : OptionalDouble.of(millis / 1e3);
  }

  synchronized PaceSummary summary() {
    Map<String, PaceSummary.Signalled> signals = new LinkedHashMap<>();
    last.forEach((name, reading) -> signals.put(name, signalled(reading, worst.get(name))));
    return new PaceSummary(asked.log(), log.pauses(System.nanoTime()), signals);
  }

  private static PaceSummary.Signalled signalled(SignalReading last, SignalReading worst) {
    return new PaceSummary.Signalled(
        last.known() ? last.text() : null,
        worst == null ? null : worst.text(),
        last.bound(),
        last.known() ? null : last.text());
  }
}
