package backfill.postgres.preflight;

import backfill.plan.Never;
import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.Database;
import backfill.postgres.write.Target;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Whether the steps that fill tables can run: their sources, what the engine says of their queries,
 * and their targets, each on what the steps before it leave.
 */
final class FillsCheck {
  private final Plan plan;
  private final List<Step> steps;
  private final PreflightConnections sessions;
  private final Database database;
  private final Map<String, Findings> findingsOf;
  private final Findings findings;

  /**
   * @param steps those of the plan that the run is about, of any kind
   * @param database main
   * @param findingsOf database to findings
   */
  FillsCheck(
      Plan plan,
      List<Step> steps,
      PreflightConnections sessions,
      Database database,
      Map<String, Findings> findingsOf) {
    this.plan = plan;
    this.steps = steps;
    this.sessions = sessions;
    this.database = database;
    this.findingsOf = findingsOf;
    this.findings = findingsOf.get(Plan.MAIN);
  }

  /** Step to target, of those that are there or will be made; reasons for the rest. */
  Map<String, Table> targets() throws SQLException {
    TargetTables targets =
        new TargetTables(plan, sessions, PendingObjects.of(steps, sessions.writing()), findings);
    targets.find(Step.fills(steps), Map.of());
    return targets.found();
  }

  /**
   * Everything that the steps need which are not skipped; reasons are among the findings.
   *
   * @param known step to target, of those that were looked up a moment ago
   */
  PreflightResult check(
      QueryShapes shapes, Set<String> skipped, Map<String, Table> known, String now)
      throws SQLException {
    List<Step> running = steps.stream().filter(step -> !skipped.contains(step.name())).toList();
    List<Step.Fill> active = Step.fills(running);
    PendingObjects pending = PendingObjects.of(running, sessions.writing());
    Gone gone = Gone.of(running, sessions.writing());
    TargetTables targets = new TargetTables(plan, sessions, pending, findings);
    targets.find(active, known);
    Scope scope = new Scope(plan, active);
    SourceTables found = new SourceTables(plan, active, sessions, pending, findingsOf);
    Map<String, Table> sources = found.find(scope);
    if (!active.isEmpty() && targets.found().isEmpty() && sources.isEmpty()) {
      refuseStrangeDatabase();
    }
    Shapes answered =
        shapes.of(
            scope.answerable(sources.keySet(), found.pending().keySet()),
            there(sources),
            new QueryShapes.Known(both(known, targets.found()), Map.of()));
    answered.reasons().forEach(reason -> findings.refuse("plan " + plan.name(), reason));
    sources.replaceAll((name, table) -> table.in(answered.forms().getOrDefault(name, Map.of())));
    found.rights(scope, answered, gone, now);
    Map<String, Target> checked =
        targets.check(active, sources, found.pending().keySet(), answered, gone, now);
    refuseUnknownValues(answered, checked);
    return new PreflightResult(
        sessions.servers(),
        sources,
        checked,
        answered,
        List.of(),
        new PreflightResult.Omitted(skipped, pending(targets, found), true),
        now);
  }

  /** Refuses a check of what only the server will know of each new row. */
  private void refuseUnknownValues(Shapes answered, Map<String, Target> targets) {
    for (Never check : plan.never()) {
      Map<String, List<Column>> read = answered.never().getOrDefault(check.name(), Map.of());
      for (Never.Relation relation : check.relations()) {
        Target target = targets.get(relation.step().name());
        List<String> named =
            read.getOrDefault(relation.name(), List.of()).stream().map(Column::name).toList();
        if (target != null && relation.rows() == Never.Rows.ADDED) {
          target.setInEach().stream()
              .filter(each -> named.contains(each.name()))
              .forEach(
                  each ->
                      findings.refuse(
                          "plan " + plan.name(),
                          "never %s: set gives each row of %s a value of its own in %s, which is not known before it is written; name the other columns"
                              .formatted(check.name(), relation.name(), each.name())));
        }
      }
    }
  }

  private void refuseStrangeDatabase() {
    if (sessions.servers().size() == 1) {
      findings.refuse(
          database.prefix() + "_URL",
          "names %s, which has none of the plan's tables; name the database that has them"
              .formatted(database.address()));
    }
  }

  private static Map<String, PreflightResult.Pending> pending(
      TargetTables targets, SourceTables sources) {
    Map<String, PreflightResult.Pending> pending = new LinkedHashMap<>();
    targets
        .pending()
        .forEach(
            (step, why) ->
                pending.put(
                    step, new PreflightResult.Pending(why, targets.found().get(step).isPending())));
    sources
        .pending()
        .forEach((step, why) -> pending.put(step, new PreflightResult.Pending(why, false)));
    return pending;
  }

  private static Map<String, Table> both(Map<String, Table> one, Map<String, Table> other) {
    Map<String, Table> both = new LinkedHashMap<>(one);
    both.putAll(other);
    return both;
  }

  private static Map<String, Table> there(Map<String, Table> sources) {
    Map<String, Table> there = new LinkedHashMap<>(sources);
    there.values().removeIf(Table::isPending);
    return there;
  }
}
