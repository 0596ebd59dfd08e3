package backfill.postgres.preflight.ddl;

import backfill.plan.Definition;
import backfill.plan.Nearest;
import backfill.plan.Step;
import backfill.postgres.catalog.Catalog;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.NamedObject;
import backfill.postgres.catalog.Owners;
import backfill.postgres.catalog.Table;
import backfill.postgres.change.ChangeScope;
import backfill.postgres.change.PendingTable;
import backfill.postgres.server.Inquiry;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Whether columns can be made NOT NULL when their step's turn comes. */
final class NotNullCheck {
  private final Inquiry inquiry;
  private final Owners owners;
  private final Map<String, Table> tables;
  private final Findings findings;

  /**
   * @param tables step to its table, of the steps whose table is there
   */
  NotNullCheck(Inquiry inquiry, Owners owners, Map<String, Table> tables, Findings findings) {
    this.inquiry = inquiry;
    this.owners = owners;
    this.tables = tables;
    this.findings = findings;
  }

  /**
   * @param made the names that earlier steps make
   */
  void check(Step.Ddl step, Definition.NotNull notNull, ChangeScope scope, Set<String> made)
      throws SQLException {
    String place = Findings.place(step);
    for (String written : notNull.columns()) {
      Optional<NamedObject> object = NamedObject.of(inquiry, place, written, made, new Findings());
      Optional<String> column = object.flatMap(NamedObject::column);
      Optional<Long> oid = object.isEmpty() ? Optional.empty() : object.get().table(inquiry);
      if (oid.isPresent() && column.isPresent()) {
        Table table = new Catalog(inquiry).table(oid.get());
        owners.ofTable(place, table, true);
        column(place, step, table, column.get(), scope);
      } else if (oid.isPresent()) {
        findings.refuse(
            place, "not-null names " + written + ", which is no column; write table.column");
      }
    }
  }

  private void column(String place, Step.Ddl step, Table table, String column, ChangeScope scope)
      throws SQLException {
    if (!table.isTable()) {
      findings.refuse(
          place,
          "%s is %s; only a column of a table can be made NOT NULL"
              .formatted(table.name(), table.kindInWords()));
      return;
    }
    PendingTable pending = PendingTable.of(inquiry, scope, tables, step, table);
    if (!pending.columns().contains(column)) {
      findings.refuse(
          place,
          "there is no column %s.%s, and no step before this one makes it%s"
              .formatted(table.name(), column, Nearest.hint(column, pending.columns())));
    }
  }
}
