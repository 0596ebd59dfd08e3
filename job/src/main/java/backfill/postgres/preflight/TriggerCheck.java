package backfill.postgres.preflight;

import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.TriggerCatalog;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.RowEvent;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.util.List;

/** Whether triggers and rules of a table let a step's statements do what they say. */
final class TriggerCheck {
  private final TriggerCatalog catalog;
  private final Findings findings;

  TriggerCheck(Inquiry inquiry, Findings findings) {
    this.catalog = new TriggerCatalog(inquiry);
    this.findings = findings;
  }

  /**
   * Notes for the least role what the table's triggers may need, and warns of those that fire
   * before a row is written.
   *
   * @return the names of the latter
   */
  List<String> triggers(String place, Table table, RowEvent event) throws SQLException {
    for (TriggerCatalog.Trigger trigger : catalog.triggers(table, event)) {
      if (!trigger.securityDefiner()) {
        findings
            .leastRole()
            .note(
                "trigger %s on %s runs %s() with the rights of the role that writes; what it does is not known here%s: GRANT what it needs too"
                    .formatted(
                        trigger.name(),
                        table.name(),
                        trigger.function(),
                        trigger.names().isEmpty()
                            ? ""
                            : ", its text names " + String.join(", ", trigger.names())));
      }
    }
    List<String> triggers = catalog.beforeRowTriggers(table, event);
    for (String trigger : triggers) {
      findings.warn(
          place,
          "trigger %s fires BEFORE %s on %s and may change or drop rows"
              .formatted(trigger, event, table.name()));
    }
    return triggers;
  }

  /** A rule for UPDATE is a warning, any other a reason. */
  void rules(String place, Table table, RowEvent event) throws SQLException {
    for (String rule : catalog.rules(table, event)) {
      if (event == RowEvent.UPDATE) {
        findings.warn(place, "rule %s on %s may change or drop rows".formatted(rule, table.name()));
      } else {
        findings.refuse(
            place,
            rewritten(
                table,
                rule,
                event == RowEvent.INSERT ? "INSERT with ON CONFLICT" : "DELETE that answers"));
      }
    }
  }

  /**
   * @param statement what the server refuses where there is such a rule
   */
  static String rewritten(Table table, String rule, String statement) {
    return "rule %s rewrites statements on %s, and no %s is taken beside it; DROP RULE %s ON %s"
        .formatted(rule, table.name(), statement, TableName.quote(rule), table.name().quoted());
  }
}
