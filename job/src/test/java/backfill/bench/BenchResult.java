package backfill.bench;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The figures of one case.
 *
 * @param rows about how many rows each table began with
 * @param notRun the peers that would take too long at this scale
 * @param problems a sentence for each run that failed or ended with other rows than ours
 */
record BenchResult(
    String name,
    double scale,
    Map<String, Long> rows,
    List<Timing> timings,
    List<String> notRun,
    List<String> problems) {

  /** How the job's own way is called. */
  static final String OURS = "backfill run";

  /**
   * One way, once.
   *
   * @param seconds of the job from the start of its launcher to its exit code, of a peer from its
   *     first connection to its last commit
   * @param statements that name a table of the plan's databases, or null where nobody counted
   * @param peakBytes the most memory that the process held, or null where the system does not tell
   */
  record Timing(String way, double seconds, Long statements, Long peakBytes) {}

  /** A table for people: the median of each way's runs. */
  String text() {
    StringBuilder text = new StringBuilder();
    text.append(String.format(Locale.ROOT, "%s at scale %s: ", name, plain(scale)));
    text.append(
        rows.entrySet().stream()
            .map(table -> String.format(Locale.ROOT, "%s %,d", table.getKey(), table.getValue()))
            .collect(Collectors.joining(", ")));
    Set<String> ways =
        timings.stream().map(Timing::way).collect(Collectors.toCollection(LinkedHashSet::new));
    text.append(
        String.format("%n%-32s  %9s  %10s  %11s%n", "", "seconds", "statements", "peak memory"));
    for (String way : ways) {
      Timing median = median(way);
      text.append(
          String.format(
              Locale.ROOT,
              "%-32s  %9.1f  %10s  %11s%n",
              way,
              median.seconds(),
              median.statements() == null
                  ? "-"
                  : String.format(Locale.ROOT, "%,d", median.statements()),
              median.peakBytes() == null ? "-" : median.peakBytes() / 1_000_000 + " MB"));
    }
    notRun.forEach(peer -> text.append(String.format("%-32s  not run at this scale%n", peer)));
    problems.forEach(problem -> text.append(String.format("PROBLEM: %s%n", problem)));
    return text.toString();
  }

  private Timing median(String way) {
    List<Timing> of =
        new ArrayList<>(timings.stream().filter(timing -> timing.way().equals(way)).toList());
    of.sort(Comparator.comparingDouble(Timing::seconds));
    return of.get((of.size() - 1) / 2);
  }

  private static String plain(double number) {
    return new BigDecimal(Double.toString(number)).stripTrailingZeros().toPlainString();
  }
}
