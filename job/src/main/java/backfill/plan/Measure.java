package backfill.plan;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigValueFactory;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** What a setting's number counts, and how it is written. */
enum Measure {
  COUNT("a whole number", "-?\\d+"),
  LIMIT("a whole number, or none", "-?\\d+"),
  DURATION("a duration with its unit, as in 500 ms, 30 s or 2 min", "-?\\d+(\\.\\d+)?\\s*[a-z]+"),
  BYTES("a size with its unit, as in 64 MiB", "-?\\d+(\\.\\d+)?\\s*[A-Za-z]+"),
  DURATION_LIMIT(
      "a duration with its unit, as in 500 ms, 30 s or 2 min, or none", DURATION.form.pattern()),
  BYTES_LIMIT("a size with its unit, as in 64 MiB, or none", BYTES.form.pattern()),
  PROTOCOL("auto, copy or unnest", "auto|copy|unnest"),
  APPROVE("none, counts or exact", "none|counts|exact"),
  ON_REVOKED("report or remove", "report|remove"),
  AUTOVACUUM("ignore, slow or pause", "ignore|slow|pause"),
  ANALYZE("auto or off", "auto|off");

  /** Stands for no limit. */
  static final String NONE = "none";

  private final String expected;
  private final Pattern form;

  Measure(String expected, String form) {
    this.expected = expected;
    this.form = Pattern.compile(form);
  }

  String expected() {
    return expected;
  }

  /**
   * The text's number in milliseconds, bytes or pieces, or its place among the words; nothing where
   * it is not of this measure.
   */
  Optional<Long> parse(String text) {
    if (!form.matcher(text).matches()) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          switch (this) {
            case COUNT, LIMIT -> Long.parseLong(text);
            // HOCON knows m and minutes, but not min
            case DURATION, DURATION_LIMIT ->
                config(text.replaceFirst("min$", "minutes")).getDuration("it").toMillis();
            case BYTES, BYTES_LIMIT -> config(text).getBytes("it");
            // An enum has the same words in the same order.
            case PROTOCOL, APPROVE, ON_REVOKED, AUTOVACUUM, ANALYZE ->
                (long) List.of(form.pattern().split("\\|")).indexOf(text);
          });
    } catch (ConfigException | ArithmeticException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** Whether it is one of some words, and no number. */
  boolean isWord() {
    return this == PROTOCOL
        || this == APPROVE
        || this == ON_REVOKED
        || this == AUTOVACUUM
        || this == ANALYZE;
  }

  /** Whether it may be left without a number. */
  boolean mayBeNone() {
    return this == LIMIT || this == DURATION_LIMIT || this == BYTES_LIMIT;
  }

  private static Config config(String text) {
    return ConfigValueFactory.fromAnyRef(text).atKey("it");
  }
}
