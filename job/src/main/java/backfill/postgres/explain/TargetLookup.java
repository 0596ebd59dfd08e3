package backfill.postgres.explain;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.NameLookup;
import backfill.postgres.catalog.Rights;
import backfill.postgres.catalog.Table;
import backfill.postgres.preflight.SourceCheck;
import backfill.postgres.server.Parameters;
import backfill.postgres.server.Privilege;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Finds the target of a step by the same rules as a run: what would be refused there is refused
 * here, with the same sentence.
 */
record TargetLookup(Plan plan, SnapshotLook look, String now, Findings findings) {
  /** The table, if there is one; what is amiss with it is among the findings. */
  Optional<Table> find(Step.Fill step) throws SQLException {
    String place = Findings.place(step);
    Optional<Table> found = new NameLookup(look.writing()).find(place, step.target(), findings);
    if (found.isPresent()) {
      Table table = found.get();
      read(step).stream()
          .filter(name -> table.column(name).isEmpty())
          .forEach(name -> findings.refuse(place, SourceCheck.noColumn(table, name)));
      if (rights().hidesRows(table)) {
        findings.refuse(place, SourceCheck.rowSecurity(table));
      }
    }
    return found;
  }

  /**
   * Which of its rows are the step's, the plan's parameters written in; empty for all. What must
   * not be read of it is among the findings.
   */
  Optional<String> owns(Step.Fill step, Table table) throws SQLException {
    String place = Findings.place(step);
    List<String> needed = new ArrayList<>(read(step));
    Optional<String> owns =
        step.owns().map(condition -> Parameters.inline(condition, plan.params(), now));
    if (owns.isPresent()) {
      needed.addAll(
          new SourceCheck(look.writing(), look.writingUser(), findings)
              .columnsOf(place, "owns", table, owns.get()));
    }
    rights().need(place, Privilege.SELECT, table, needed, findings);
    return owns;
  }

  private Rights rights() {
    return new Rights(look.writing(), look.writingUser());
  }

  /** The columns of the target that are looked at. */
  private static List<String> read(Step.Fill step) {
    return step instanceof Step.Pairs pairs ? pairs.filled() : step.key();
  }
}
