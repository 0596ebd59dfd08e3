package backfill.postgres;

import backfill.plan.Step;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
    DdlCheck ddl = new DdlCheck(inquiry, user, findings);
    for (Step step : scope.steps()) {
      if (step instanceof Step.Batches own && found.containsKey(step.name())) {
        batches.check(own, scope).ifPresent(target -> targets.put(step.name(), target));
      } else if (step instanceof Step.Ddl own) {
        ddl.check(own, found.get(step.name()), scope);
      }
    }
    return new Changes(Map.copyOf(targets), Map.copyOf(found));
  }
}
