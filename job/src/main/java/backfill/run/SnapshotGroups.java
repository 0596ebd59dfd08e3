package backfill.run;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.postgres.preflight.Ready;
import backfill.postgres.server.TableName;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which steps share their snapshots: as many as follow each other without one reading a table that
 * an earlier one of them writes, or from which rows go along with those that it deletes. Tables are
 * told apart by name, because one may still have to be made. Every step writes to main, so that a
 * table of another database is no step's target, unless the plan has two names for one database.
 */
final class SnapshotGroups {
  private SnapshotGroups() {}

  static List<List<Step.Fill>> of(Plan plan, Ready ready, List<Step.Fill> steps) {
    List<List<Step.Fill>> groups = new ArrayList<>();
    Set<TableName> written = new HashSet<>();
    Set<Long> losing = new HashSet<>();
    for (Step.Fill step : steps) {
      Table target = ready.targets().get(step.name()).table();
      boolean changed =
          read(plan, ready, step).stream()
              .anyMatch(read -> written.contains(read.name()) || losing.contains(read.oid()));
      if (groups.isEmpty() || changed) {
        groups.add(new ArrayList<>());
        written.clear();
        losing.clear();
      }
      groups.get(groups.size() - 1).add(step);
      written.add(target.name());
      ready.targets().get(step.name()).cascades().forEach(lost -> losing.addAll(lost.oids()));
    }
    return groups;
  }

  private static List<Table> read(Plan plan, Ready ready, Step.Fill step) {
    List<Table> read = new ArrayList<>();
    read.add(ready.targets().get(step.name()).table());
    plan.sourcesOf(step).stream()
        .filter(source -> ready.isMain(plan.sources().get(source).database()))
        .forEach(source -> read.add(ready.sources().get(source)));
    return read;
  }
}
