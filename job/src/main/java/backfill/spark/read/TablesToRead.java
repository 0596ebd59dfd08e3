package backfill.spark.read;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.write.Target;
import backfill.spark.query.PairColumnNames;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which tables some steps read in one snapshot of each database, as preflight found them. */
public final class TablesToRead {
  private TablesToRead() {}

  /** Sources that must be at hand under their names. */
  static Set<String> queried(Plan plan, List<Step.Fill> steps) {
    Set<String> sources = new HashSet<>();
    steps.forEach(step -> sources.addAll(plan.sourcesOf(step)));
    sources.removeAll(PairColumnNames.soleUses(plan, steps).keySet());
    return sources;
  }

  /** Blocks of the tables that queries read. */
  static long blocks(PreflightResult ready, List<Step.Fill> steps, Set<String> queried) {
    long sources = queried.stream().mapToLong(source -> ready.sources().get(source).blocks()).sum();
    long targets =
        steps.stream()
            .filter(Step.Rows.class::isInstance)
            .mapToLong(step -> ready.targets().get(step.name()).table().blocks())
            .sum();
    return sources + targets;
  }

  /**
   * What these steps read, sources and targets, by database; a table may be there twice. One that
   * is still to be made is not among them.
   */
  public static Map<String, List<Table>> all(
      Plan plan, PreflightResult ready, List<Step.Fill> steps) {
    Map<String, List<Table>> tables = sources(plan, ready, steps);
    tables.get(Plan.MAIN).addAll(targets(ready, steps));
    return tables;
  }

  /** The sources among them; main is always there. */
  static Map<String, List<Table>> sources(Plan plan, PreflightResult ready, List<Step.Fill> steps) {
    Map<String, List<Table>> tables = new LinkedHashMap<>();
    tables.put(Plan.MAIN, new ArrayList<>());
    for (Step.Fill step : steps) {
      for (String source : plan.sourcesOf(step)) {
        tables
            .computeIfAbsent(plan.sources().get(source).database(), name -> new ArrayList<>())
            .add(ready.sources().get(source));
      }
    }
    tables.values().forEach(those -> those.removeIf(Table::isPending));
    return tables;
  }

  /** The targets among them, with the parents of their rows; all of these are main's. */
  static List<Table> targets(PreflightResult ready, List<Step.Fill> steps) {
    List<Table> tables = new ArrayList<>();
    for (Step.Fill step : steps) {
      Target target = ready.targets().get(step.name());
      tables.add(target.table());
      target.parentsOf(ready.shapes().outputs().getOrDefault(step.name(), step.written())).stream()
          .filter(parent -> !parent.readBy(step).isEmpty())
          .forEach(parent -> tables.add(parent.table()));
    }
    tables.removeIf(Table::isPending);
    return tables;
  }
}
