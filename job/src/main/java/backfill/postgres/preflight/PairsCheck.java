package backfill.postgres.preflight;

import backfill.plan.Step;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.Rights;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.Privilege;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Whether a {@code pairs} step's target takes what it is given, and needs no more. */
final class PairsCheck {
  private final Rights rights;
  private final Findings findings;

  PairsCheck(Rights rights, Findings findings) {
    this.rights = rights;
    this.findings = findings;
  }

  void check(Step.Pairs step, Table table, Map<String, Table> sources, Shapes shapes)
      throws SQLException {
    String place = Findings.place(step);
    new PairTypes(place, sources, shapes, findings).check(step, table);
    for (Column column : table.columns()) {
      if (step.key().contains(column.name())) {
        column
            .unwritable()
            .ifPresent(
                why ->
                    findings.refuse(
                        place,
                        table.name() + "." + column.name() + " " + why + " and cannot be written"));
      }
    }
    RowsCheck.unfilled(place, table, step.written(), findings);
    rights(step, table);
  }

  private void rights(Step.Pairs step, Table table) throws SQLException {
    String place = Findings.place(step);
    List<String> key = new ArrayList<>(step.key());
    key.retainAll(table.columnNames());
    rights.need(place, Privilege.SELECT, table, key, findings);
    List<String> written = new ArrayList<>(step.written());
    written.retainAll(table.columnNames());
    rights.need(place, Privilege.INSERT, table, written, findings);
    rights.needSequences(place, table, written, findings);
  }
}
