package backfill.bench;

import backfill.bench.BenchResult.Row;
import backfill.bench.BenchResult.Timing;
import java.math.BigDecimal;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The figures of a case as people read them. */
final class BenchTable {
  private static final String HEADING =
      String.format(
          "%-46s %8s %8s %8s %6s %10s %9s %7s %8s %8s %10s %10s%n",
          "",
          "median s",
          "min",
          "max",
          "ratio",
          "statements",
          "memory MB",
          "heap MB",
          "CPU s",
          "WAL MB",
          "rows",
          "sequence");

  private BenchTable() {}

  static String of(BenchResult result) {
    StringBuilder text = new StringBuilder();
    text.append(String.format(Locale.ROOT, "%s at scale %s: ", result.name(), plain(result)));
    text.append(
        result.rows().entrySet().stream()
            .map(table -> String.format(Locale.ROOT, "%s %,d", table.getKey(), table.getValue()))
            .collect(Collectors.joining(", ")));
    text.append(String.format("%n")).append(HEADING);
    result.table().forEach(row -> text.append(line(row)));
    result.notRun().forEach((way, reason) -> text.append(String.format("%-46s %s%n", way, reason)));
    if (!result.reached().isEmpty()) {
      text.append(String.format("to reach:%n"));
      result.reached().forEach(goal -> text.append(String.format("  %s%n", goal.text())));
    }
    if (result.cpuMicrosPerRow() != null) {
      text.append(
          String.format(
              Locale.ROOT,
              "%,d rows planned, %.1f µs of the job's own processor time each%n",
              result.planned(),
              result.cpuMicrosPerRow()));
    }
    result.problems().forEach(problem -> text.append(String.format("PROBLEM: %s%n", problem)));
    return text.toString();
  }

  private static String line(Row row) {
    Timing middle = row.middle();
    return String.format(
        Locale.ROOT,
        "%-46s %8.2f %8.2f %8.2f %6.2f %10s %9s %7s %8s %8s %10s %10s%n",
        row.way(),
        row.medianSeconds(),
        row.minSeconds(),
        row.maxSeconds(),
        row.toFirst(),
        count(middle.statements()),
        millions(middle.peakBytes()),
        millions(middle.heapBytes()),
        middle.cpuSeconds() == null ? "-" : String.format(Locale.ROOT, "%.1f", middle.cpuSeconds()),
        middle.walBytes() == null
            ? "-"
            : String.format(Locale.ROOT, "%.2f", middle.walBytes() / 1e6),
        count(middle.rows()),
        count(middle.sequenceValues()));
  }

  private static String count(Long number) {
    return number == null ? "-" : String.format(Locale.ROOT, "%,d", number);
  }

  private static String millions(Long bytes) {
    return bytes == null ? "-" : String.format(Locale.ROOT, "%,d", bytes / 1_000_000);
  }

  private static String plain(BenchResult result) {
    return new BigDecimal(Double.toString(result.scale())).stripTrailingZeros().toPlainString();
  }

  /** What a row costs in each of some cases, to the one that planned fewest. */
  static String growth(List<BenchResult> results) {
    List<BenchResult> sized =
        results.stream()
            .filter(result -> result.cpuMicrosPerRow() != null)
            .sorted(Comparator.comparingLong(BenchResult::planned))
            .toList();
    if (sized.size() < 2) {
      return "";
    }
    BenchResult smallest = sized.get(0);
    StringBuilder text =
        new StringBuilder(
            String.format(
                "%-28s %12s  %9s  %5s  %9s  %5s%n",
                "for each planned row", "rows", "µs of CPU", "ratio", "µs in all", "ratio"));
    for (BenchResult result : sized) {
      text.append(
          String.format(
              Locale.ROOT,
              "%-28s %,12d  %9.1f  %5.2f  %9.1f  %5.2f%n",
              result.name(),
              result.planned(),
              result.cpuMicrosPerRow(),
              result.cpuMicrosPerRow() / smallest.cpuMicrosPerRow(),
              microsPerRow(result),
              microsPerRow(result) / microsPerRow(smallest)));
    }
    return text.toString();
  }

  private static double microsPerRow(BenchResult result) {
    return result.row(Ways.OURS).orElseThrow().medianSeconds() * 1e6 / result.planned();
  }
}
