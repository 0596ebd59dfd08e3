package backfill.postgres.change;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.catalog.Findings;
import backfill.postgres.server.ConnectionFailure;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.Parameters;
import java.sql.SQLException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Asks the conditions of a plan and its steps, as WHERE would: NULL counts as false. */
public final class OnlyIf {
  private final Inquiry inquiry;
  private final Plan plan;
  private final String now;
  private final Findings findings;

  public OnlyIf(Inquiry inquiry, Plan plan, String now, Findings findings) {
    this.inquiry = inquiry;
    this.plan = plan;
    this.now = now;
    this.findings = findings;
  }

  public boolean planApplies() throws SQLException {
    return holds("plan " + plan.name(), plan.onlyIf());
  }

  /** Names of the steps that have nothing to do. */
  public Set<String> skipped(List<Step> steps) throws SQLException {
    Set<String> skipped = new LinkedHashSet<>();
    for (Step step : steps) {
      if (!holds("step " + step.name(), step.onlyIf())) {
        skipped.add(step.name());
      }
    }
    return skipped;
  }

  private boolean holds(String place, Optional<String> condition) throws SQLException {
    if (condition.isEmpty()) {
      return true;
    }
    String asked = Parameters.inline(condition.get(), plan.params(), now);
    try {
      return inquiry.one(
          "SELECT CASE WHEN (" + asked + "\n) THEN true ELSE false END", row -> row.getBoolean(1));
    } catch (SQLException e) {
      if (ConnectionFailure.passing(e.getSQLState())) {
        throw e;
      }
      findings.refuse(place, "only-if cannot be asked: " + ConnectionFailure.oneLine(e));
      return true; // so that everything else is looked at too
    }
  }
}
