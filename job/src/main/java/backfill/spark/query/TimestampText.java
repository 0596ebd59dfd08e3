package backfill.spark.query;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;

/** A {@code timestamptz} as the server prints it. */
public final class TimestampText {
  private static final DateTimeFormatter PRINTED =
      new DateTimeFormatterBuilder()
          .append(DateTimeFormatter.ISO_LOCAL_DATE)
          .appendLiteral(' ')
          .append(DateTimeFormatter.ISO_LOCAL_TIME)
          .appendOffset("+HH:mm", "+00")
          .toFormatter();

  private TimestampText() {}

  public static Instant instant(String printed) {
    return OffsetDateTime.parse(printed, PRINTED).toInstant();
  }
}
