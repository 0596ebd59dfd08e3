package backfill.page;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;

/** Counts and times as people read them; a dash stands for what is not known. */
final class Numbers {
  static final String UNKNOWN = "–";

  private Numbers() {}

  static String count(JsonNode number) {
    return number.isNumber() ? count(number.asLong()) : UNKNOWN;
  }

  static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** In seconds, or in minutes and hours where these are more. */
  static String millis(long millis) {
    if (millis < 60_000) {
      return String.format(Locale.ROOT, millis < 10_000 ? "%.2f s" : "%.1f s", millis / 1000.0);
    }
    long seconds = Math.round(millis / 1000.0);
    return seconds < 3600
        ? "%d min %02d s".formatted(seconds / 60, seconds % 60)
        : "%d h %02d min".formatted(seconds / 3600, seconds / 60 % 60);
  }

  static String millis(JsonNode number) {
    return number.isNumber() ? millis(number.asLong()) : UNKNOWN;
  }

  /** A text, or the dash. */
  static String text(JsonNode text) {
    return text.isMissingNode() || text.isNull() ? UNKNOWN : text.asText();
  }
}
