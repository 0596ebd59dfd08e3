package backfill.postgres.change;

import backfill.plan.Definition;
import backfill.plan.Step;
import backfill.postgres.catalog.Findings;
import backfill.postgres.server.ConnectionFailure;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SqlState;
import java.sql.SQLException;

/** Asks the server whether a step's own SQL means something there. */
public final class Explained {
  private final Inquiry inquiry;
  private final Findings findings;

  public Explained(Inquiry inquiry, Findings findings) {
    this.inquiry = inquiry;
    this.findings = findings;
  }

  /**
   * False, with a reason among the findings, where it cannot be asked. Lacking rights are no reason
   * here: they are named column by column; nor is an enum's value that an earlier step appends.
   *
   * @param what the plan's key that it stands under
   * @param sql what begins with EXPLAIN: that looks at names, types and rights, and runs nothing
   */
  public boolean ask(String place, String what, Step step, ChangeScope scope, String sql)
      throws SQLException {
    try {
      inquiry.rows(sql, row -> row.getString(1));
      return true;
    } catch (SQLException e) {
      if (ConnectionFailure.passing(e.getSQLState())) {
        throw e;
      }
      boolean lacksRights = SqlState.INSUFFICIENT_PRIVILEGE.is(e);
      boolean valueToCome =
          SqlState.INVALID_TEXT_REPRESENTATION.is(e)
              && scope.before(step).stream()
                  .anyMatch(
                      each ->
                          each instanceof Step.Ddl ddl
                              && ddl.definition() instanceof Definition.EnumValues);
      if (!lacksRights && !valueToCome) {
        findings.refuse(place, what + " cannot be asked: " + ConnectionFailure.oneLine(e));
      }
      return false;
    }
  }
}
