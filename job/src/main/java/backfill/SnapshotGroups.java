package backfill;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.Ready;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which steps share a snapshot: as many as follow each other without one reading a table that an
 * earlier one of them writes, or from which rows go along with those that it deletes.
 */
final class SnapshotGroups {
  private SnapshotGroups() {}

  static List<List<Step.Fill>> of(Plan plan, Ready ready, List<Step.Fill> steps) {
    List<List<Step.Fill>> groups = new ArrayList<>();
    Set<Long> written = new HashSet<>();
    for (Step.Fill step : steps) {
      long target = ready.targets().get(step.name()).table().oid();
      Set<Long> read = new HashSet<>();
      read.add(target);
      plan.sourcesOf(step).forEach(source -> read.add(ready.sources().get(source).oid()));
      if (groups.isEmpty() || read.stream().anyMatch(written::contains)) {
        groups.add(new ArrayList<>());
        written.clear();
      }
      groups.get(groups.size() - 1).add(step);
      written.add(target);
      ready.targets().get(step.name()).cascades().forEach(lost -> written.addAll(lost.oids()));
    }
    return groups;
  }
}
