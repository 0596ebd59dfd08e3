package backfill.bench.load;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * How an application fared beside each of several things.
 *
 * @param machine its processors and memory
 * @param pinned what runs on which processor
 * @param perSecond transactions that are due
 * @param saturated transactions a second that the server can do for as many clients
 * @param problems a sentence for each backfill that failed
 */
record LoadResult(
    String name,
    String machine,
    String pinned,
    int clients,
    double perSecond,
    double saturated,
    List<Measured> runs,
    List<String> problems) {
  /** How many times as long as without us the slowest hundredth may take. */
  static final double MOST = 2;

  LoadResult {
    runs = List.copyOf(runs);
    problems = List.copyOf(problems);
  }

  /**
   * The application during one of them, once.
   *
   * @param failures by SQLSTATE
   * @param backfillSeconds how long the backfill took; null where there is none
   */
  record Measured(
      Beside beside,
      double p50Millis,
      double p99Millis,
      double longestMillis,
      double perSecond,
      Map<String, Long> failures,
      Double backfillSeconds) {
    long failed() {
      return sum(failures);
    }
  }

  /**
   * The median of each figure by itself, and all failures.
   *
   * @param toNothing p99 to that without a backfill; null where that was not measured
   */
  record Row(
      Beside beside,
      int runs,
      double p50Millis,
      double p99Millis,
      Double toNothing,
      double longestMillis,
      double perSecond,
      Map<String, Long> failures,
      Double backfillSeconds) {
    long failed() {
      return sum(failures);
    }
  }

  /** A row for each thing that was measured. */
  @JsonProperty(value = "table", access = JsonProperty.Access.READ_ONLY)
  List<Row> table() {
    return Arrays.stream(Beside.values()).map(this::row).flatMap(Optional::stream).toList();
  }

  Optional<Row> row(Beside beside) {
    List<Measured> of = runs.stream().filter(run -> run.beside() == beside).toList();
    if (of.isEmpty()) {
      return Optional.empty();
    }
    Map<String, Long> failures = new TreeMap<>();
    of.forEach(
        run -> run.failures().forEach((state, count) -> failures.merge(state, count, Long::sum)));
    double p99 = median(of, Measured::p99Millis);
    List<Measured> nothing = runs.stream().filter(run -> run.beside() == Beside.NOTHING).toList();
    return Optional.of(
        new Row(
            beside,
            of.size(),
            median(of, Measured::p50Millis),
            p99,
            nothing.isEmpty() ? null : p99 / median(nothing, Measured::p99Millis),
            median(of, Measured::longestMillis),
            median(of, Measured::perSecond),
            failures,
            median(of, Measured::backfillSeconds)));
  }

  /** Whether the throttled job keeps to what it promises, as far as it was measured. */
  boolean isReached() {
    return row(Beside.THROTTLED)
        .map(row -> row.failed() == 0 && (row.toNothing() == null || row.toNothing() <= MOST))
        .orElse(true);
  }

  private static long sum(Map<String, Long> failures) {
    return failures.values().stream().mapToLong(Long::longValue).sum();
  }

  /** The middle one, or of two the mean; null where there is none. */
  private static Double median(List<Measured> runs, Function<Measured, Double> figure) {
    double[] sorted =
        runs.stream()
            .map(figure)
            .filter(Objects::nonNull)
            .mapToDouble(Double::doubleValue)
            .sorted()
            .toArray();
    if (sorted.length == 0) {
      return null;
    }
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }
}
