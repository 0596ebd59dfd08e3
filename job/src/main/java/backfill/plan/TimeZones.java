package backfill.plan;

import java.time.ZoneId;

/** Which names of time zones mean the same to PostgreSQL and to Spark. */
final class TimeZones {
  static final String EXPECTED =
      "must be the name of a time zone that PostgreSQL and Java know, as in UTC or Europe/Berlin, got ";

  private TimeZones() {}

  /**
   * Not an offset: {@code +02:00} is east of Greenwich for Java and west of it for PostgreSQL,
   * which reads it as POSIX does; nor Java's SystemV zones, of which PostgreSQL knows other rules.
   */
  static boolean known(String name) {
    return ZoneId.getAvailableZoneIds().contains(name) && !name.startsWith("SystemV/");
  }
}
