package backfill.postgres.preflight;

import backfill.plan.Plan;
import backfill.postgres.catalog.Table;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Asks the engine about a plan's queries; this package imports no engine. */
@FunctionalInterface
public interface QueryShapes {

  /**
   * @param plan with only those steps, views and checks whose sources were all found
   * @param sources source to table, of the steps that will run
   */
  Shapes of(Plan plan, Map<String, Table> sources, Known known);

  /**
   * What is known of steps besides.
   *
   * @param targets step to table, of skipped steps, too
   * @param outputs step to the columns of its query, of those that were looked at before
   */
  record Known(Map<String, Table> targets, Map<String, List<String>> outputs) {
    /** This, and where it says nothing what a run found when it began. */
    Known over(PreflightResult before) {
      Map<String, Table> all = new LinkedHashMap<>();
      before.targets().forEach((step, target) -> all.put(step, target.table()));
      all.putAll(targets);
      return new Known(all, before.shapes().outputs());
    }
  }
}
