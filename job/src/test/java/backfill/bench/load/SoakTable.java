package backfill.bench.load;

import java.util.Locale;

/** What a soak found, as people read it. */
final class SoakTable {
  private SoakTable() {}

  static String of(SoakResult result) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%s on %s; %s%n%d reruns in %.1f minutes; the application's p99 was %.1f ms, failed: %s%n",
            result.name(),
            result.machine(),
            result.pinned(),
            result.samples().size(),
            result.minutes(),
            result.p99Millis(),
            result.failures()));
    text.append(
        String.format("%-24s %12s %12s %12s%n", "", "first third", "last third", "largest"));
    for (SoakResult.Trend trend : result.trends()) {
      text.append(
          String.format(
              Locale.ROOT,
              "%-24s %,12.1f %,12.1f %,12.1f  %s%n",
              trend.title(),
              trend.first(),
              trend.last(),
              trend.largest(),
              trend.isFlat() ? "flat" : "NOT FLAT"));
    }
    if (result.trends().isEmpty()) {
      text.append(
          String.format("too few reruns to say whether anything grows: let it last longer%n"));
    }
    return text.toString();
  }
}
