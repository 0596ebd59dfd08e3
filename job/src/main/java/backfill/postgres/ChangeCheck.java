package backfill.postgres;

import backfill.plan.Step;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whether the steps that change a database from within can be carried out, each on what the steps
 * before it leave: what an earlier one makes counts as there.
 */
final class ChangeCheck {
  private final Inquiry inquiry;
  private final Findings findings;
  private final String user;
  private final ChangeTables tables;
  private Coming coming;

  ChangeCheck(Inquiry inquiry, String user, Findings findings) {
    this.inquiry = inquiry;
    this.user = user;
    this.findings = findings;
    this.tables = new ChangeTables(inquiry, findings);
  }

  /**
   * Looks for every table that a step names, or a reason among the findings: a database of
   * something else lacks them, and no condition is asked there.
   *
   * @param steps in their order
   */
  void find(List<Step> steps) throws SQLException {
    coming = Coming.of(steps, inquiry);
    tables.find(steps);
  }

  /** Asks all that the steps which will run need, and answers with what was found. */
  Changes check(ChangeScope scope) throws SQLException {
    Map<String, Table> found = tables.found();
    Map<String, ChangeTarget> targets = new LinkedHashMap<>();
    BatchesCheck batches = new BatchesCheck(inquiry, user, coming, found, findings);
    Gone gone = Gone.of(scope.steps(), inquiry);
    DdlCheck ddl = new DdlCheck(inquiry, user, found, findings);
    for (Step step : scope.steps()) {
      Table table = found.get(step.name());
      if (table != null) {
        List<String> key = step instanceof Step.Batches own ? own.key() : List.of();
        gone.check(TargetCheck.place(step), step, table, key, findings);
      }
      if (step instanceof Step.Batches own && found.containsKey(step.name())) {
        Optional<ChangeTarget> target = batches.check(own, scope);
        target.ifPresent(
            of -> {
              targets.put(step.name(), of);
              gone.checkIndex(TargetCheck.place(step), step, of.table(), of.index(), findings);
            });
      } else if (step instanceof Step.Ddl own) {
        ddl.check(own, table, scope);
      }
    }
    return new Changes(Map.copyOf(targets), Map.copyOf(found));
  }
}
