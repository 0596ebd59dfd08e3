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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

  /**
   * What the role lacks to take back such an event, each as the GRANT that gives it: on the table,
   * and on those whose rows may refer to the ones that are to go.
   */
  List<String> lacking(Connection connection, RowEvent event) throws SQLException {
    Map<TableName, List<Privilege>> needed = new LinkedHashMap<>();
    needed.put(
        name(),
        switch (event) {
          case INSERT -> List.of(Privilege.SELECT, Privilege.UPDATE, Privilege.DELETE);
          case UPDATE -> List.of(Privilege.SELECT, Privilege.UPDATE);
          case DELETE -> List.of(Privilege.SELECT, Privilege.INSERT);
        });
    if (event == RowEvent.INSERT) {
      references.forEach(each -> needed.putIfAbsent(each.child(), List.of(Privilege.SELECT)));
    }
    List<String> grants = new ArrayList<>();
    for (Map.Entry<TableName, List<Privilege>> table : needed.entrySet()) {
      String lacking = lacking(connection, table.getKey(), table.getValue());
      if (!lacking.isEmpty()) {
        grants.add("GRANT " + lacking + " ON " + table.getKey().quoted());
      }
    }
    return grants;
  }

  private static String lacking(Connection connection, TableName table, List<Privilege> needed)
      throws SQLException {
    return Inquiry.rows(
            connection,
            """
            SELECT coalesce(pg_catalog.string_agg(r.name, ', ' ORDER BY r.place), '')
            FROM pg_catalog.unnest(?::pg_catalog.text[]) WITH ORDINALITY AS r(name, place)
            WHERE NOT pg_catalog.has_table_privilege(?, r.name)""",
            row -> row.getString(1),
            needed.stream().map(Privilege::name).toArray(String[]::new),
            table.quoted())
        .get(0);
  }
}
