package backfill.spark.query;

import java.io.Serializable;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.chrono.IsoEra;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.SignStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A time as Spark counts it, which sorts as Spark does and writes itself as PostgreSQL reads it.
 */
public final class SparkTime {
  private static final DateTimeFormatter DATE =
      new DateTimeFormatterBuilder()
          .appendValue(ChronoField.YEAR_OF_ERA, 4, 9, SignStyle.NEVER)
          .appendPattern("-MM-dd")
          .toFormatter(Locale.ROOT);

  private static final DateTimeFormatter TIME =
      new DateTimeFormatterBuilder()
          .appendPattern("HH:mm:ss")
          .appendFraction(ChronoField.MICRO_OF_SECOND, 0, 6, true)
          .toFormatter(Locale.ROOT);

  private static final String BEFORE_CHRIST = " BC";

  private static final Pattern PRINTED =
      Pattern.compile(
          "(\\d+-\\d\\d-\\d\\d) (\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,6})?)(?:\\+00)?(?: BC)?");

  private SparkTime() {}

  /** Microseconds since 1970 in UTC; the smallest and the largest are the infinities. */
  record Timestamp(long micros) implements Comparable<Timestamp>, Serializable {
    @Override
    public int compareTo(Timestamp other) {
      return Long.compare(micros, other.micros);
    }

    @Override
    public String toString() {
      return printed(micros, "+00");
    }
  }

  /** The same of a time without a zone. */
  record Local(long micros) implements Comparable<Local>, Serializable {
    @Override
    public int compareTo(Local other) {
      return Long.compare(micros, other.micros);
    }

    @Override
    public String toString() {
      return printed(micros, "");
    }
  }

  /**
   * A time of anybody's, of which none stands for an infinity.
   *
   * @param zoned whether it is a moment, and not what a clock shows
   */
  public record Moment(long micros, boolean zoned) implements Comparable<Moment>, Serializable {
    @Override
    public int compareTo(Moment other) {
      return Long.compare(micros, other.micros);
    }

    @Override
    public String toString() {
      return finite(micros, zoned ? "+00" : "");
    }
  }

  private static String printed(long micros, String zone) {
    if (micros == Long.MIN_VALUE || micros == Long.MAX_VALUE) {
      return micros > 0 ? "infinity" : "-infinity";
    }
    return finite(micros, zone);
  }

  private static String finite(long micros, String zone) {
    LocalDateTime time =
        LocalDateTime.ofInstant(Instant.EPOCH.plus(micros, ChronoUnit.MICROS), ZoneOffset.UTC);
    return DATE.format(time) + " " + TIME.format(time) + zone + era(time.toLocalDate());
  }

  /** The count of a {@link Timestamp} or a {@link Local} that wrote itself so. */
  static long micros(String printed) {
    if (printed.endsWith("infinity")) {
      return printed.startsWith("-") ? Long.MIN_VALUE : Long.MAX_VALUE;
    }
    Matcher parts = PRINTED.matcher(printed);
    if (!parts.matches()) {
      throw new IllegalArgumentException("no time is written as " + printed);
    }
    return ChronoUnit.MICROS.between(
        LocalDateTime.ofEpochSecond(0, 0, ZoneOffset.UTC),
        day(parts.group(1), printed).atTime(LocalTime.parse(parts.group(2))));
  }

  /** The count of a {@link Day} that wrote itself so. */
  static int days(String printed) {
    if (printed.endsWith("infinity")) {
      return printed.startsWith("-") ? Integer.MIN_VALUE : Integer.MAX_VALUE;
    }
    return Math.toIntExact(day(printed.replace(BEFORE_CHRIST, ""), printed).toEpochDay());
  }

  private static LocalDate day(String digits, String printed) {
    String[] parts = digits.split("-");
    int year = Integer.parseInt(parts[0]);
    return LocalDate.of(
        printed.endsWith(BEFORE_CHRIST) ? 1 - year : year,
        Integer.parseInt(parts[1]),
        Integer.parseInt(parts[2]));
  }

  /** Days since 1970; the smallest and the largest are the infinities. */
  public record Day(int days) implements Comparable<Day>, Serializable {
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
    return day.getEra() == IsoEra.BCE ? BEFORE_CHRIST : "";
  }
}
