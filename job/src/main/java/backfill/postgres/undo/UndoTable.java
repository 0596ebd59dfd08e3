package backfill.postgres.undo;

import backfill.postgres.catalog.Catalog;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.ledger.ChangedRows;
import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.Privilege;
import backfill.postgres.server.RowEvent;
import backfill.postgres.server.TableName;
import backfill.postgres.write.KeepingRule;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A table that a run wrote, as it is now.
 *
 * @param references the foreign keys by which rows refer to its rows
 */
record UndoTable(Table table, List<Reference> references) {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** Empty where it is not there any more. */
  static Optional<UndoTable> of(Database database, String applicationName, String quoted)
      throws SQLException {
    try (Connection connection = database.connect(applicationName);
        Inquiry inquiry = new Inquiry(connection, PATIENCE, Duration.ZERO)) {
      List<Long> oid =
          inquiry.rows(
              "SELECT pg_catalog.to_regclass(?)::pg_catalog.oid::pg_catalog.int8 AS oid WHERE pg_catalog.to_regclass(?) IS NOT NULL",
              row -> row.getLong(1),
              quoted,
              quoted);
      if (oid.isEmpty()) {
        return Optional.empty();
      }
      Table table = new Catalog(inquiry).table(oid.get(0));
      List<Reference> references = inquiry.ask(asked -> Reference.to(asked, table.oid()));
      return Optional.of(new UndoTable(table, references));
    }
  }

  TableName name() {
    return table.name();
  }

  /** The columns that a row can be written with. */
  List<TargetColumn> writable() {
    return KeepingRule.writable(table, List.of());
  }

  /** Whether the server numbers a column that a row is to be put back with. */
  boolean numbersAlways() {
    return table.columns().stream().anyMatch(column -> column.identity() == Column.Identity.ALWAYS);
  }

  /** Whether rows of it refer to each other. */
  boolean refersToItself() {
    return references.stream().anyMatch(Reference::own);
  }

  /** The references from tables that are not among these. */
  List<Reference> referencesBut(Set<String> quoted) {
    return references.stream()
        .filter(each -> each.own() || !quoted.contains(each.child().quoted()))
        .toList();
  }

  /** A kept column as this table has it; empty where it is gone, or of another type. */
  Optional<TargetColumn> column(ChangedRows.Kept kept) {
    return table
        .column(kept.name())
        .filter(column -> column.castType().equals(kept.type()))
        .map(column -> TargetColumn.of(column, hasNull(kept)));
  }

  private static boolean hasNull(ChangedRows.Kept kept) {
    if (kept.values() instanceof String[] texts) {
      for (String text : texts) {
        if (text == null) {
          return true;
        }
      }
    }
    return false;
  }

  /** Why the rows of a batch do not fit it any more; empty if they do. */
  Optional<String> unfit(ChangedRows rows) {
    for (ChangedRows.Kept kept : rows.columns()) {
      if (column(kept).isEmpty()) {
        return Optional.of(
            "column %s of %s is not %s any more".formatted(kept.name(), name(), kept.type()));
      }
    }
    return Optional.empty();
  }

  /** What the role lacks to take back such an event, as the GRANT that gives it. */
  static List<String> lacking(Connection connection, TableName table, RowEvent event)
      throws SQLException {
    List<Privilege> needed =
        switch (event) {
          case INSERT -> List.of(Privilege.SELECT, Privilege.UPDATE, Privilege.DELETE);
          case UPDATE -> List.of(Privilege.SELECT, Privilege.UPDATE);
          case DELETE -> List.of(Privilege.SELECT, Privilege.INSERT);
        };
    List<String> lacking = new ArrayList<>();
    for (Privilege right : needed) {
      boolean has =
          Inquiry.rows(
                  connection,
                  "SELECT pg_catalog.has_table_privilege(?, ?)",
                  row -> row.getBoolean(1),
                  table.quoted(),
                  right.name())
              .get(0);
      if (!has) {
        lacking.add(right.name());
      }
    }
    return lacking;
  }
}
