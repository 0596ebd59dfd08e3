package backfill.postgres.preflight;

import backfill.plan.Plan;
import backfill.postgres.catalog.Table;
import java.util.Map;

/** Asks the engine about a plan's queries; this package imports no engine. */
@FunctionalInterface
public interface QueryShapes {

  /**
   * @param plan with only those steps and views whose sources were all found
   * @param sources source to table, of the steps that will run
   */
  Shapes of(Plan plan, Map<String, Table> sources);
}
