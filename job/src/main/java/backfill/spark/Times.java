package backfill.spark;

import java.io.Serializable;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.chrono.IsoEra;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.SignStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/**
 * A time as Spark counts it, which sorts as Spark does and writes itself as PostgreSQL reads it.
 */
final class Times {
  private static final DateTimeFormatter DATE =
      new DateTimeFormatterBuilder()
          .appendValue(ChronoField.YEAR_OF_ERA, 4, 9, SignStyle.NEVER)
          .appendPattern("-MM-dd")
          .toFormatter(Locale.ROOT);

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS", Locale.ROOT);

  private Times() {}

  /** Microseconds since 1970 in UTC; the smallest and the largest are the infinities. */
  record Timestamp(long micros) implements Comparable<Timestamp>, Serializable {
    @Override
    public int compareTo(Timestamp other) {
      return Long.compare(micros, other.micros);
    }

    @Override
    public String toString() {
      if (micros == Long.MIN_VALUE || micros == Long.MAX_VALUE) {
        return micros > 0 ? "infinity" : "-infinity";
      }
      LocalDateTime time =
          LocalDateTime.ofInstant(Instant.EPOCH.plus(micros, ChronoUnit.MICROS), ZoneOffset.UTC);
      return DATE.format(time) + " " + TIME.format(time) + "+00" + era(time.toLocalDate());
    }
  }

  /** Days since 1970; the smallest and the largest are the infinities. */
  record Day(int days) implements Comparable<Day>, Serializable {
    @Override
    public int compareTo(Day other) {
      return Integer.compare(days, other.days);
    }

    @Override
    public String toString() {
      if (days == Integer.MIN_VALUE || days == Integer.MAX_VALUE) {
        return days > 0 ? "infinity" : "-infinity";
      }
      LocalDate day = LocalDate.ofEpochDay(days);
      return DATE.format(day) + era(day);
    }
  }

  private static String era(LocalDate day) {
    return day.getEra() == IsoEra.BCE ? " BC" : "";
  }
}
