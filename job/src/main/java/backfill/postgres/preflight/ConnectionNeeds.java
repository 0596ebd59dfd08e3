package backfill.postgres.preflight;

import backfill.plan.Plan;
import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.Table;
import backfill.postgres.write.Target;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Whether each server has room for the connections that the steps which will run open there. */
final class ConnectionNeeds {
  /**
   * The exporter of the snapshot, which is over before the throttle's connection is opened, the
   * progress line's connection and one that is just being replaced; one more holds the tables that
   * the exporter may not LOCK.
   */
  private static final int BESIDE_READERS_AND_WRITERS = 3;

  private ConnectionNeeds() {}

  static void check(
      Plan plan,
      List<Step.Fill> fills,
      PreflightResult ready,
      PreflightConnections sessions,
      Purpose purpose,
      Findings findings)
      throws SQLException {
    Settings.Read read = plan.settings().read();
    int writers =
        fills.stream()
            .filter(step -> !ready.skippedSteps().contains(step.name()))
            .mapToInt(step -> step.write().writers())
            .max()
            .orElse(1);
    Map<String, Integer> besides = new LinkedHashMap<>();
    tables(plan, ready)
        .forEach(
            (database, tables) ->
                besides.put(
                    database,
                    BESIDE_READERS_AND_WRITERS
                        + (tables.stream().allMatch(Table::whollyReadable) ? 0 : 1)));
    sessions.needConnections(besides, read.readers(), writers, purpose, findings);
  }

  /** Database to the tables that are read there; main always is. */
  private static Map<String, List<Table>> tables(Plan plan, PreflightResult ready) {
    Map<String, List<Table>> tables = new LinkedHashMap<>();
    tables.put(
        Plan.MAIN, new ArrayList<>(ready.targets().values().stream().map(Target::table).toList()));
    ready
        .sources()
        .forEach(
            (source, table) ->
                tables
                    .computeIfAbsent(
                        plan.sources().get(source).database(), database -> new ArrayList<>())
                    .add(table));
    return tables;
  }
}
