package backfill.bench;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The figures of one case.
 *
 * @param rows about how many rows each table began with
 * @param planned how many rows the job's steps planned, or 0 where it wrote no report
 * @param notRun why there is nothing of a way
 * @param goals what is to be reached
 * @param problems a sentence for each run that failed or ended with other rows than ours
 */
record BenchResult(
    String name,
    double scale,
    Map<String, Long> rows,
    long planned,
    List<Timing> timings,
    Map<String, String> notRun,
    @JsonIgnore List<Goal> goals,
    List<String> problems) {
  /** Rows that are parts of another one begin with its name and end with one of these. */
  static final String LESS_VERIFY = ", less verify";

  static final String READY_TO_VERIFIED = ", session ready to verified";
  static final String FLATTEN = ", flatten and diff";
  static final String WRITE = ", write";

  /**
   * One way, once. What nobody counts is null.
   *
   * @param cpuSeconds of the process on the processors, the server's not counted
   * @param statements that name a table of the plan's databases
   * @param peakBytes the most memory that the process held
   * @param heapBytes the most that was in use of a JVM's heap, where that is the question
   * @param walBytes that the server wrote meanwhile
   * @param rows inserted, updated or deleted, the ledger's not counted
   */
  record Timing(
      String way,
      double seconds,
      Double cpuSeconds,
      Long statements,
      Long peakBytes,
      Long heapBytes,
      Long walBytes,
      Long rows,
      Long sequenceValues) {

    /** A part of another row, of which only the time is known. */
    static Timing derived(String way, double seconds) {
      return new Timing(way, seconds, null, null, null, null, null, null, null);
    }
  }

  /**
   * All runs of one way.
   *
   * @param toFirst the median divided by that of the first row
   * @param middle the median of each figure by itself; of what was touched, the most
   */
  record Row(
      String way,
      int runs,
      double medianSeconds,
      double minSeconds,
      double maxSeconds,
      double toFirst,
      Timing middle) {}

  /** A row for each way, in the order in which they were taken first. */
  @JsonProperty
  List<Row> table() {
    Set<String> ways =
        timings.stream().map(Timing::way).collect(Collectors.toCollection(LinkedHashSet::new));
    List<Row> table = new ArrayList<>();
    for (String way : ways) {
      List<Timing> runs =
          timings.stream()
              .filter(timing -> timing.way().equals(way))
              .sorted(Comparator.comparingDouble(Timing::seconds))
              .toList();
      double median =
          (runs.get((runs.size() - 1) / 2).seconds() + runs.get(runs.size() / 2).seconds()) / 2;
      table.add(
          new Row(
              way,
              runs.size(),
              median,
              runs.get(0).seconds(),
              runs.get(runs.size() - 1).seconds(),
              median / (table.isEmpty() ? median : table.get(0).medianSeconds()),
              middle(way, median, runs)));
    }
    return table;
  }

  private static Timing middle(String way, double seconds, List<Timing> runs) {
    return new Timing(
        way,
        seconds,
        median(runs, Timing::cpuSeconds),
        median(runs, Timing::statements),
        median(runs, Timing::peakBytes),
        median(runs, Timing::heapBytes),
        median(runs, Timing::walBytes),
        most(runs, Timing::rows),
        most(runs, Timing::sequenceValues));
  }

  /** Of an even number the lower one; null where nobody counted. */
  private static <T extends Comparable<T>> T median(List<Timing> runs, Function<Timing, T> figure) {
    List<T> counted = runs.stream().map(figure).filter(Objects::nonNull).sorted().toList();
    return counted.isEmpty() ? null : counted.get((counted.size() - 1) / 2);
  }

  private static Long most(List<Timing> runs, Function<Timing, Long> figure) {
    return runs.stream()
        .map(figure)
        .filter(Objects::nonNull)
        .max(Comparator.naturalOrder())
        .orElse(null);
  }

  /** The row of this way. */
  Optional<Row> row(String way) {
    return table().stream().filter(row -> row.way().equals(way)).findFirst();
  }

  /** What is to be reached, as far as it was measured. */
  @JsonProperty
  List<Goal.Reached> reached() {
    return goals.stream().flatMap(goal -> goal.in(this).stream()).toList();
  }

  /** The job's own processor time for each planned row, in microseconds; null where unknown. */
  @JsonProperty
  Double cpuMicrosPerRow() {
    return row(Ways.OURS)
        .filter(ours -> planned > 0 && ours.middle().cpuSeconds() != null)
        .map(ours -> ours.middle().cpuSeconds() * 1e6 / planned)
        .orElse(null);
  }
}
