package backfill.postgres.explain;

import backfill.plan.Amount;
import backfill.plan.Plan;
import backfill.postgres.catalog.Findings;
import backfill.postgres.ledger.KeyHistory;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/** Asks the ledger what runs did to the row of one key, which may be a pair. */
final class RowHistory {
  private final Plan plan;
  private final String schema;
  private final String none;

  private RowHistory(Plan plan, String none) {
    this.plan = plan;
    this.schema = plan.settings().ledger().schema();
    this.none = none;
  }

  /** Looks whether there is a ledger, and whether it may be read; else a reason is found. */
  static RowHistory look(Plan plan, SnapshotLook look, Findings findings) throws SQLException {
    if (!plan.settings().ledger().on()) {
      return new RowHistory(plan, "ledger = off, so no run is known that wrote it");
    }
    return new RowHistory(
        plan,
        KeyHistory.whyNone(look.writing(), plan.settings().ledger().schema(), findings)
            .orElse(null));
  }

  /**
   * @param key column to value
   */
  StepExplanation.History of(
      SnapshotLook look, String step, TableName target, Map<String, String> key)
      throws SQLException {
    if (none != null) {
      return new StepExplanation.History(List.of(), none);
    }
    List<KeyHistory.Happened> events =
        look.ledger(
            connection -> KeyHistory.of(connection, schema, target, key),
            KeyHistory.sql(schema),
            target.quoted(),
            "the integers of " + key.values());
    long without =
        look.ledger(
            connection -> KeyHistory.runsWithoutKeys(connection, schema, target, plan.name(), step),
            KeyHistory.sqlWithoutKeys(schema),
            target.quoted(),
            plan.name(),
            step);
    return new StepExplanation.History(
        events,
        without == 0
            ? null
            : "%s wrote rows of %s and kept no keys of them, and may have written it too"
                .formatted(Amount.of(without, "run"), target));
  }
}
