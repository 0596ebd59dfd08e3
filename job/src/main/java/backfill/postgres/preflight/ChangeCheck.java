package backfill.postgres.preflight;

import backfill.plan.Step;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.Table;
import backfill.postgres.change.ChangeScope;
import backfill.postgres.change.ChangeTarget;
import backfill.postgres.change.FoundChangeTargets;
import backfill.postgres.preflight.ddl.DdlCheck;
import backfill.postgres.server.ConnectionFailure;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.NotReadyException;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whether the steps that change a database from within can be carried out, each on what the steps
 * before it leave: what an earlier one makes counts as there.
 */
public final class ChangeCheck {
  private final Inquiry inquiry;
  private final Findings findings;
  private final String user;
  private final ChangeTables tables;
  private PendingObjects pending;

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
    pending = PendingObjects.of(steps, inquiry);
    tables.find(steps);
  }

  /** Asks all that the steps which will run need, and answers with what was found. */
  FoundChangeTargets check(ChangeScope scope) throws SQLException {
    Map<String, Table> found = tables.found();
    Map<String, ChangeTarget> targets = new LinkedHashMap<>();
    InPlaceCheck batches = new InPlaceCheck(inquiry, user, pending, found, findings);
    Gone gone = Gone.of(scope.steps(), inquiry);
    DdlCheck ddl = new DdlCheck(inquiry, user, found, findings);
    for (Step step : scope.steps()) {
      Table table = found.get(step.name());
      if (table != null) {
        List<String> key = step instanceof Step.InPlace own ? own.key() : List.of();
        gone.check(Findings.place(step), step, table, key, findings);
      }
      if (step instanceof Step.InPlace own && found.containsKey(step.name())) {
        Optional<ChangeTarget> target = batches.check(own, scope);
        target.ifPresent(
            of -> {
              targets.put(step.name(), of);
              gone.checkIndex(Findings.place(step), step, of.table(), of.index(), findings);
            });
      } else if (step instanceof Step.Ddl own) {
        ddl.check(own, table, scope);
      }
    }
    return new FoundChangeTargets(Map.copyOf(targets), Map.copyOf(found));
  }

  /**
   * Checks a step once more, now that those before it are done: what they made is looked at as it
   * is.
   *
   * @throws NotReadyException with every reason why it cannot be carried out
   */
  public static FoundChangeTargets recheck(ChangeScope scope, Step.InPlace step) {
    try {
      return scope.ask(inquiry -> recheck(inquiry, scope, step));
    } catch (SQLException e) {
      throw new NotReadyException(
          List.of(
              "step "
                  + step.name()
                  + ": the look at its table broke off: "
                  + ConnectionFailure.oneLine(e)),
          ConnectionFailure.passing(e.getSQLState()),
          e);
    }
  }

  private static FoundChangeTargets recheck(Inquiry inquiry, ChangeScope scope, Step.InPlace step)
      throws SQLException {
    Findings findings = new Findings();
    String user = inquiry.one("SELECT current_user", row -> row.getString(1));
    ChangeCheck check = new ChangeCheck(inquiry, user, findings);
    check.find(List.of(step));
    FoundChangeTargets found = check.check(scope.only(step));
    findings.throwIfRefused();
    return found;
  }
}
