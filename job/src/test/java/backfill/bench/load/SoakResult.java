package backfill.bench.load;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * What reruns beside an application leave behind, and whether it grows.
 *
 * @param samples after each rerun, the first run not counted
 * @param p99Millis of the application through all of it
 */
record SoakResult(
    String name,
    String machine,
    String pinned,
    double minutes,
    double p99Millis,
    Map<String, Long> failures,
    List<SoakSample> samples) {
  /** Reruns that are not looked at: caches and pools fill. */
  static final int WARMING = 2;

  private static final double GROWTH = 1.1;
  private static final long MIB = 1 << 20;

  SoakResult {
    samples = List.copyOf(samples);
  }

  /** What is looked at, and how much it may move beside a tenth: less than that is no leak yet. */
  private enum Figure {
    HEAP("job's heap, MB", 16 * MIB, SoakSample::heapBytes),
    RESIDENT("job's process, MB", 64 * MIB, SoakSample::residentBytes),
    CONNECTIONS("connections left", 0, SoakSample::connections),
    LEDGER("ledger, MB", MIB / 2, SoakSample::ledgerBytes),
    LEDGER_ROWS("ledger, rows", SoakCommand.KEEP_RUNS, SoakSample::ledgerRows),
    TARGETS("filled tables, MB", 2 * MIB, SoakSample::targetBytes),
    DEAD("dead rows", 5_000, SoakSample::deadRows);

    private final String title;
    private final long slack;
    private final Function<SoakSample, Long> of;

    Figure(String title, long slack, Function<SoakSample, Long> of) {
      this.title = title;
      this.slack = slack;
      this.of = of;
    }

    private boolean isBytes() {
      return title.endsWith("MB");
    }
  }

  /**
   * One figure: the medians of the first and of the last third of the reruns, and the largest.
   *
   * @param isFlat whether the last third is at most a tenth, and what is no leak yet, above the
   *     first
   */
  record Trend(
      String title, double first, double last, double largest, @JsonProperty boolean isFlat) {}

  /** A line for each figure that this machine has; none before there are enough reruns. */
  @JsonProperty(value = "trends", access = JsonProperty.Access.READ_ONLY)
  List<Trend> trends() {
    return Arrays.stream(Figure.values()).map(this::trend).filter(Objects::nonNull).toList();
  }

  /** Whether nothing grew, and there were reruns enough to say so. */
  @JsonProperty(value = "flat", access = JsonProperty.Access.READ_ONLY)
  boolean isFlat() {
    return !trends().isEmpty() && trends().stream().allMatch(Trend::isFlat);
  }

  private Trend trend(Figure figure) {
    List<Long> values =
        samples.stream().skip(WARMING).map(figure.of).filter(Objects::nonNull).toList();
    int third = values.size() / 3;
    if (third == 0) {
      return null;
    }
    double unit = figure.isBytes() ? 1e6 : 1;
    double first = median(values.subList(0, third));
    double last = median(values.subList(values.size() - third, values.size()));
    double largest = values.stream().mapToLong(Long::longValue).max().orElseThrow();
    return new Trend(
        figure.title,
        first / unit,
        last / unit,
        largest / unit,
        last <= first * GROWTH + figure.slack);
  }

  private static double median(List<Long> values) {
    List<Long> sorted = values.stream().sorted().toList();
    return (sorted.get((sorted.size() - 1) / 2) + sorted.get(sorted.size() / 2)) / 2.0;
  }
}
