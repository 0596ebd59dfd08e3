package backfill.plan;

import com.typesafe.config.ConfigValue;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Optional;

/** When a run is to stop, as the plan or the command line says: after a while, or at a time. */
public sealed interface StopAfter {

  /** The setting's key. */
  String KEY = "stop-after";

  /** The time, for a run that started at this one. */
  Instant deadline(Instant startedAt);

  /** So long after the start. */
  record Lasting(Duration duration) implements StopAfter {
    private static final Duration LEAST = Duration.ofSeconds(1);
    private static final Duration MOST = Duration.ofHours(168);

    /** For people, as in the reference. */
    static final String RANGE = "1 s to 168 h";

    public Lasting {
      if (duration.compareTo(LEAST) < 0 || duration.compareTo(MOST) > 0) {
        throw new IllegalArgumentException(
            KEY + " must be " + RANGE + ", got " + duration.toMillis() + " ms");
      }
    }

    @Override
    public Instant deadline(Instant startedAt) {
      return startedAt.plus(duration);
    }
  }

  /** At this time; one that is past stops a run as soon as it can. */
  record At(Instant time) implements StopAfter {
    @Override
    public Instant deadline(Instant startedAt) {
      return time;
    }
  }

  /**
   * What a value of the plan says; empty for {@code never}.
   *
   * @throws IllegalArgumentException naming the key, the value and what was expected
   */
  static Optional<StopAfter> parse(ConfigValue value) {
    if (value.unwrapped() instanceof String text) {
      if (text.strip().equals("never")) {
        return Optional.empty();
      }
      Optional<Long> millis = Measure.DURATION.parse(text.strip());
      if (millis.isPresent()) {
        return Optional.of(new Lasting(Duration.ofMillis(millis.get())));
      }
      try {
        return Optional.of(new At(OffsetDateTime.parse(text.strip()).toInstant()));
      } catch (DateTimeParseException e) {
        // neither form: refused below
      }
    }
    throw new IllegalArgumentException(
        KEY
            + " must be a duration with its unit, as in 45 min, a time with its offset, as in"
            + " 2026-11-21T05:00:00Z, or never, got "
            + Node.describe(value));
  }
}
