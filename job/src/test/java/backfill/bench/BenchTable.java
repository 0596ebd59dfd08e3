package backfill.bench;

import backfill.bench.BenchResult.Row;
import backfill.bench.BenchResult.Timing;
import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The figures of a case as people read them. */
final class BenchTable {
  private static final String HEADING =
      String.format(
          "%-46s %8s %8s %8s %6s %10s %9s %8s %8s %8s %9s%n",
          "",
          "median s",
          "min",
          "max",
          "ratio",
          "statements",
          "memory MB",
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
        "%-46s %8.2f %8.2f %8.2f %6.2f %10s %9s %8s %8s %8s %9s%n",
        row.way(),
        row.medianSeconds(),
        row.minSeconds(),
        row.maxSeconds(),
        row.toFirst(),
        count(middle.statements()),
        millions(middle.peakBytes()),
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

  /** How the processor time for a row grows from the smallest of some cases to the others. */
  static String growth(List<BenchResult> results) {
    List<BenchResult> sized =
        results.stream()
            .filter(result -> result.cpuMicrosPerRow() != null)
            .sorted((one, other) -> Long.compare(one.planned(), other.planned()))
            .toList();
    if (sized.size() < 2) {
      return "";
    }
    double smallest = sized.get(0).cpuMicrosPerRow();
    StringBuilder text =
        new StringBuilder(String.format("processor time for a planned row, to the smallest:%n"));
    sized.forEach(
        result ->
            text.append(
                String.format(
                    Locale.ROOT,
                    "  %-28s %,12d rows  %6.1f µs  %5.2f%n",
                    result.name(),
                    result.planned(),
                    result.cpuMicrosPerRow(),
                    result.cpuMicrosPerRow() / smallest)));
    return text.toString();
  }
}
