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
 * @param groups how many groups are a parent or a child
 * @param groupsInCycles how many groups are in a circle; the groups of one have the same users
 * @param firstCycles those with the smallest keys; {@code cycles} says how many there are
 */
public record NestingReport(
    long edges,
    long groups,
    long selfNested,
    long cycles,
    long groupsInCycles,
    List<Cycle> firstCycles) {

  /** How many groups a circle has, and the first of them. */
  record Cycle(long size, List<Object> groups) {}

  public static NestingReport of(Nesting nesting) {
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

  /** For the log: how many there are, and a line for each circle that is named. */
  public List<String> sentences() {
    List<String> lines = new ArrayList<>();
    lines.add(
        "%s among %s, %s"
            .formatted(
                Amount.of(edges, "nesting"),
                Amount.of(groups, "group"),
                cycles == 0
                    ? "no cycle"
                    : "%s of %s in all"
                        .formatted(
                            Amount.of(cycles, "cycle"), Amount.of(groupsInCycles, "group"))));
    for (Cycle cycle : firstCycles) {
      long more = cycle.size() - cycle.groups().size();
      lines.add(
          String.format(
              Locale.ROOT,
              "a cycle of %,d groups, which have the same users: %s%s",
              cycle.size(),
              cycle.groups().stream().map(String::valueOf).collect(Collectors.joining(", ")),
              more > 0 ? String.format(Locale.ROOT, " and %,d more", more) : ""));
    }
    if (cycles > firstCycles.size()) {
      lines.add("and " + Amount.of(cycles - firstCycles.size(), "cycle") + " more");
    }
    return lines;
  }
}
