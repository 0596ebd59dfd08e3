package backfill.report;

import backfill.plan.Amount;
import backfill.spark.step.Nesting;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What is nested in what, as the report names it.
 *
 * @param keys how many groups, or objects, are a parent or a child
 * @param keysInCycles how many are in a circle; those of one have the same users, or the same
 *     grants
 * @param firstCycles those with the smallest keys; {@code cycles} says how many there are
 */
public record NestingReport(
    long edges,
    long keys,
    long selfNested,
    long cycles,
    long keysInCycles,
    List<Cycle> firstCycles) {

  /** How many keys a circle has, and the first of them. */
  record Cycle(long size, List<Object> keys) {}

  /** Null of null. */
  public static NestingReport of(Nesting nesting) {
    if (nesting == null) {
      return null;
    }
    return new NestingReport(
        nesting.edges(),
        nesting.keys(),
        nesting.selfNested(),
        nesting.cycles(),
        nesting.inCycles(),
        nesting.firstCycles().stream()
            .map(cycle -> new Cycle(cycle.size(), cycle.first()))
            .toList());
  }

  /**
   * For the log: how many there are, and a line for each circle that is named.
   *
   * @param one group or object
   * @param have what those of a circle have in common
   */
  public List<String> sentences(String one, String have) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "%s among %s, %s"
            .formatted(
                Amount.of(edges, "nesting"),
                Amount.of(keys, one),
                cycles == 0
                    ? "no cycle"
                    : "%s of %s in all"
                        .formatted(Amount.of(cycles, "cycle"), Amount.of(keysInCycles, one))));
    for (Cycle cycle : firstCycles) {
      long more = cycle.size() - cycle.keys().size();
      lines.add(
          String.format(
              Locale.ROOT,
              "a cycle of %,d %ss, which have the same %s: %s%s",
              cycle.size(),
              one,
              have,
              cycle.keys().stream().map(String::valueOf).collect(Collectors.joining(", ")),
              more > 0 ? String.format(Locale.ROOT, " and %,d more", more) : ""));
    }
    if (cycles > firstCycles.size()) {
      lines.add("and " + Amount.of(cycles - firstCycles.size(), "cycle") + " more");
    }
    return lines;
  }
}
