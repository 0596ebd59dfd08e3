package backfill.postgres.preflight;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.NameLookup;
import backfill.postgres.catalog.Table;
import backfill.postgres.write.Target;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Finds the targets of some steps, and looks whether they can be filled. */
final class TargetTables {
  private final Plan plan;
  private final PreflightConnections sessions;
  private final PendingObjects pending;
  private final Findings findings;
  private final Map<String, Table> found = new LinkedHashMap<>();
  private final Map<String, String> reasons = new LinkedHashMap<>();

  TargetTables(
      Plan plan, PreflightConnections sessions, PendingObjects pending, Findings findings) {
    this.plan = plan;
    this.sessions = sessions;
    this.pending = pending;
    this.findings = findings;
  }

  /**
   * Looks all of them up; a reason where one is neither there nor will be made.
   *
   * @param known step to table, of those that were looked up a moment ago
   */
  void find(List<Step.Fill> steps, Map<String, Table> known) throws SQLException {
    NameLookup names = new NameLookup(sessions.writing());
    names.ahead(
        steps.stream()
            .filter(step -> !known.containsKey(step.name()))
            .map(Step.Fill::target)
            .distinct()
            .toList());
    for (Step.Fill step : steps) {
      Optional<String> maker = pending.maker(step, step.target());
      if (maker.isPresent()) {
        reasons.put(step.name(), step.target() + " is made by step " + maker.get());
      }
      Table before = known.get(step.name());
      if (before != null && (maker.isPresent() || !before.isPending())) {
        found.put(step.name(), before);
      } else if (maker.isPresent()) {
        found.put(step.name(), names.thereOrPending(step.target()));
      } else {
        names
            .find(Findings.place(step), step.target(), findings)
            .ifPresent(table -> found.put(step.name(), table));
      }
    }
  }

  /** Step to reason, of those whose target an earlier step makes. */
  Map<String, String> pending() {
    return reasons;
  }

  /** Step to table, of those that are there or will be made. */
  Map<String, Table> found() {
    return found;
  }

  /**
   * The targets of these steps, or reasons among the findings.
   *
   * @param awaiting names of steps whose sources are still to be made: their columns cannot be held
   *     against the target's yet
   */
  Map<String, Target> check(
      List<Step.Fill> steps,
      Map<String, Table> sources,
      Set<String> awaiting,
      Shapes known,
      Gone gone,
      String now)
      throws SQLException {
    TargetCheck check =
        new TargetCheck(
            sessions.writing(),
            sessions.servers().get(Plan.MAIN).named().user(),
            plan,
            now,
            pending,
            findings);
    check.ahead(
        steps.stream().map(step -> found.get(step.name())).filter(Objects::nonNull).toList());
    HeadroomCheck headroom = new HeadroomCheck(sessions, findings);
    Map<String, Target> targets = new LinkedHashMap<>();
    for (Step.Fill step : steps) {
      Table table = found.get(step.name());
      if (table == null) {
        continue;
      }
      if (reasons.containsKey(step.name()) || awaiting.contains(step.name())) {
        targets.put(step.name(), Target.pending(table, step.key()));
        if (step instanceof Step.Pairs pairs && !awaiting.contains(step.name())) {
          // What its table will have is not known; its sources can be held against each other.
          new PairTypes(Findings.place(step), sources, known, findings).check(pairs, table);
        }
        continue;
      }
      Optional<Target> target = check.check(step, table, sources, known);
      target.ifPresent(usable -> targets.put(step.name(), usable));
      List<String> columns = new ArrayList<>(step.written());
      columns.addAll(known.outputs().getOrDefault(step.name(), List.of()));
      gone.check(Findings.place(step), step, table, columns, findings);
      target.ifPresent(
          usable ->
              gone.checkIndex(
                  Findings.place(step), step, table, usable.arbiter().index(), findings));
      if (step instanceof Step.Pairs pairs && table.isTable()) {
        headroom.check(plan, pairs, table, sources, now);
        headroom.nesting(plan, pairs, sources);
      }
    }
    return targets;
  }
}
