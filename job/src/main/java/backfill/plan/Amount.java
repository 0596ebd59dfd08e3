package backfill.plan;

import java.util.Locale;

/** Says a number of things in words that agree with it. */
public final class Amount {
  private Amount() {}

  /** {@code "1 row"}, {@code "2,000 rows"}. */
  public static String of(long count, String one) {
    return String.format(Locale.ROOT, "%,d %s", count, count == 1 ? one : one + "s");
  }

  /** {@code "1 is"}, {@code "2 are"}. */
  public static String are(long count) {
    return String.format(Locale.ROOT, count == 1 ? "%,d is" : "%,d are", count);
  }
}
