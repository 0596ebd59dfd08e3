package backfill;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.Ready;
import java.util.ArrayList;
import java.util.List;

/** The order of a run: steps that share a snapshot together, and each change by itself. */
final class Turns {
  private Turns() {}

  static List<List<Step>> of(Plan plan, Ready ready, List<Step> steps) {
    List<List<Step>> turns = new ArrayList<>();
    List<Step.Fill> fills = new ArrayList<>();
    for (Step step : steps) {
      if (step instanceof Step.Fill fill) {
        fills.add(fill);
      } else {
        turns.addAll(grouped(plan, ready, fills));
        fills.clear();
        turns.add(List.of(step));
      }
    }
    turns.addAll(grouped(plan, ready, fills));
    return turns;
  }

  private static List<List<Step>> grouped(Plan plan, Ready ready, List<Step.Fill> fills) {
    return SnapshotGroups.of(plan, ready, fills).stream()
        .map(group -> List.<Step>copyOf(group))
        .toList();
  }
}
