package backfill.postgres.throttle;

import backfill.postgres.ledger.Asked;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Takes down each pause of a run with its reason, reading and length, and says when one begins and
 * ends. Used by the throttle's thread; only what has become of it is for any.
 */
final class PaceLog {
  static final String ASKED = "asked";

  private final Consumer<String> say;
  private final List<Pause> ended = new ArrayList<>();
  private OpenPause open;

  private record OpenPause(
      Instant from, long sinceNanos, String reason, String reading, String by) {
    Pause at(long nowNanos) {
      return new Pause(from.toString(), (nowNanos - sinceNanos) / 1_000_000, reason, reading, by);
    }

    String words() {
      return by == null ? reason + " " + reading : "pause, asked by " + by;
    }
  }

  PaceLog(Consumer<String> say) {
    this.say = say;
  }

  /** What pauses the writers now: a person before a signal; nothing ends the pause. */
  synchronized void now(Asked asked, Optional<SignalReading> pausing, long nowNanos) {
    String reason = asked.paused() ? ASKED : pausing.map(SignalReading::name).orElse(null);
    if (open != null && !open.reason().equals(reason)) {
      ends("goes on after", nowNanos);
    }
    if (reason == null) {
      return;
    }
    if (open == null) {
      open =
          new OpenPause(
              Instant.now(),
              nowNanos,
              reason,
              asked.paused() ? null : pausing.get().text(),
              asked.paused() ? asked.pausedBy() : null);
      say.accept(
          "throttle: paused by "
              + (asked.paused() ? asked.pausedBy() : pausing.get().words())
              + "; what is in flight may end");
    }
  }

  /** The writing is over. */
  synchronized void end(long nowNanos) {
    if (open != null) {
      ends("the writing ends in", nowNanos);
    }
  }

  private void ends(String how, long nowNanos) {
    say.accept(
        "throttle: %s a pause of %s (%s)"
            .formatted(
                how, ReadingUnit.MILLIS.words((nowNanos - open.sinceNanos()) / 1e6), open.words()));
    ended.add(open.at(nowNanos));
    open = null;
  }

  /** Since when the present pause lasts; empty where there is none. */
  synchronized Optional<Long> pausedForMillis(long nowNanos) {
    return open == null
        ? Optional.empty()
        : Optional.of((nowNanos - open.sinceNanos()) / 1_000_000);
  }

  /** All of them, the present one included. */
  synchronized List<Pause> pauses(long nowNanos) {
    List<Pause> all = new ArrayList<>(ended);
    if (open != null) {
      all.add(open.at(nowNanos));
    }
    return all;
  }
}
