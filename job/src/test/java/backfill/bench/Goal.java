package backfill.bench;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * A figure that a case is to reach.
 *
 * @param value the figure, where the rows that it is made of were measured
 */
record Goal(
    String name, Function<BenchResult, Optional<Double>> value, Direction direction, double bound) {

  /** On which side of the bound it is to be. */
  enum Direction {
    AT_LEAST,
    AT_MOST
  }

  /** What was measured. */
  record Reached(String name, double value, Direction direction, double bound) {
    /** Whether it is on the right side. */
    @JsonProperty("reached")
    boolean isReached() {
      return direction == Direction.AT_LEAST ? value >= bound : value <= bound;
    }

    String text() {
      return String.format(
          Locale.ROOT,
          "%-82s  %10s  %s %s",
          name,
          plain(value),
          direction == Direction.AT_LEAST ? "at least" : "at most",
          plain(bound) + (isReached() ? "" : "  NOT REACHED"));
    }

    private static String plain(double number) {
      return number == Math.rint(number)
          ? String.format(Locale.ROOT, "%,d", (long) number)
          : String.format(Locale.ROOT, "%.2f", number);
    }
  }

  /** How many times as long one row takes as another. */
  static Goal ratio(String way, String other, Direction direction, double bound) {
    return new Goal(
        way + " : " + other,
        result ->
            result
                .row(way)
                .flatMap(
                    row -> result.row(other).map(to -> row.medianSeconds() / to.medianSeconds())),
        direction,
        bound);
  }

  /** How much memory the process of one row held, to that of another. */
  static Goal memory(String way, String other, double atMost) {
    return new Goal(
        way + " : " + other + ", memory",
        result ->
            result
                .row(way)
                .flatMap(
                    row ->
                        result
                            .row(other)
                            .map(
                                to ->
                                    number(row.middle().peakBytes())
                                        / number(to.middle().peakBytes()))),
        Direction.AT_MOST,
        atMost);
  }

  /** Which part of the first run's whole time the stage verify is. */
  static Goal verifyShare(double atMost) {
    return new Goal(
        Ways.OURS + ": verify's share",
        result ->
            result
                .row(Ways.OURS)
                .flatMap(
                    whole ->
                        result
                            .row(Ways.OURS + BenchResult.LESS_VERIFY)
                            .map(less -> 1 - less.medianSeconds() / whole.medianSeconds())),
        Direction.AT_MOST,
        atMost);
  }

  static Goal processorSeconds(String way, double atMost) {
    return of(
        way,
        "seconds of processor time",
        row -> row.middle().cpuSeconds() == null ? Double.NaN : row.middle().cpuSeconds(),
        atMost);
  }

  static Goal peakBytes(String way, long atMost) {
    return of(way, "bytes of memory", row -> number(row.middle().peakBytes()), atMost);
  }

  static Goal seconds(String way, double atMost) {
    return of(way, "seconds", row -> row.medianSeconds(), atMost);
  }

  static Goal statements(String way, long atMost) {
    return of(way, "statements", row -> number(row.middle().statements()), atMost);
  }

  static Goal walBytes(String way, long atMost) {
    return of(way, "bytes of WAL", row -> number(row.middle().walBytes()), atMost);
  }

  static Goal heapBytes(String way, long atMost) {
    return of(way, "bytes of heap", row -> number(row.middle().heapBytes()), atMost);
  }

  /** Rows that it touches, and values that it draws from sequences. */
  static Goal nothingTouched(String way) {
    return of(
        way,
        "rows touched and sequence values",
        row -> number(row.middle().rows()) + number(row.middle().sequenceValues()),
        0);
  }

  private static Goal of(
      String way, String what, Function<BenchResult.Row, Double> figure, double atMost) {
    return new Goal(
        way + ": " + what, result -> result.row(way).map(figure), Direction.AT_MOST, atMost);
  }

  private static double number(Long value) {
    return value == null ? Double.NaN : value;
  }

  /** Nothing where a row is missing, or nobody counted. */
  Optional<Reached> in(BenchResult result) {
    return value
        .apply(result)
        .filter(measured -> !measured.isNaN())
        .map(measured -> new Reached(name, measured, direction, bound));
  }
}
