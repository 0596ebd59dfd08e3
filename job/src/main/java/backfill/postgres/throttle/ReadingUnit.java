package backfill.postgres.throttle;

import java.util.Locale;

/** What the number of a signal counts, and how it is written for people. */
enum ReadingUnit {
  MILLIS,
  BYTES,
  /** Grows for ever: what counts is by how much in a second. */
  BYTES_SO_FAR,
  SEGMENTS,
  SESSIONS,
  WORKERS,
  /** Nothing is asked for but the time that the answer takes. */
  ANSWER,
  NUMBER;

  String words(double number) {
    return switch (this) {
      case MILLIS, ANSWER ->
          number < 1000
              ? Math.round(number) + " ms"
              : String.format(Locale.ROOT, "%.1f s", number / 1000);
      case BYTES -> bytes(number);
      case BYTES_SO_FAR -> bytes(number) + "/s";
      case SEGMENTS -> whole(number, "segment");
      case SESSIONS -> whole(number, "session");
      case WORKERS -> whole(number, "worker");
      case NUMBER ->
          number == Math.rint(number) && Math.abs(number) < 1e15
              ? String.format(Locale.ROOT, "%d", (long) number)
              : Double.toString(number);
    };
  }

  private static String bytes(double number) {
    if (number >= 1 << 20) {
      return String.format(Locale.ROOT, "%.1f MiB", number / (1 << 20));
    }
    return number >= 1 << 10
        ? String.format(Locale.ROOT, "%.1f KiB", number / (1 << 10))
        : Math.round(number) + " B";
  }

  private static String whole(double number, String what) {
    return Math.round(number) + " " + what + (Math.round(number) == 1 ? "" : "s");
  }
}
