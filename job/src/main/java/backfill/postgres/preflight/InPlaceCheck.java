package backfill.postgres.preflight;

import backfill.plan.Nearest;
import backfill.plan.Step;
import backfill.postgres.catalog.Cascades;
import backfill.postgres.catalog.Catalog;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.IndexCatalog;
import backfill.postgres.catalog.NullableKey;
import backfill.postgres.catalog.ParentCatalog;
import backfill.postgres.catalog.ReplicaIdentity;
import backfill.postgres.catalog.Rights;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.catalog.TriggerCatalog;
import backfill.postgres.catalog.UnindexedKeys;
import backfill.postgres.catalog.UniqueIndex;
import backfill.postgres.change.ChangeScope;
import backfill.postgres.change.ChangeTarget;
import backfill.postgres.change.Explained;
import backfill.postgres.change.PendingTable;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.Privilege;
import backfill.postgres.server.RowEvent;
import backfill.postgres.server.SqlWords;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whether a {@code batches} step can be carried out on what the steps before it leave: its table,
 * the key that it goes along, its expressions and rights.
 */
final class InPlaceCheck {
  private final Inquiry inquiry;
  private final Findings findings;
  private final Rights rights;
  private final PendingObjects pending;
  private final Map<String, Table> tables;

  /**
   * @param pending what earlier steps will make
   * @param tables step to table, of those that are there
   */
  InPlaceCheck(
      Inquiry inquiry,
      String user,
      PendingObjects pending,
      Map<String, Table> tables,
      Findings findings) {
    this.inquiry = inquiry;
    this.findings = findings;
    this.rights = new Rights(inquiry, user);
    this.pending = pending;
    this.tables = tables;
  }

  /** Where and along what it will go, or reasons among the findings. */
  Optional<ChangeTarget> check(Step.InPlace step, ChangeScope scope) throws SQLException {
    Table table = tables.get(step.name());
    String place = Findings.place(step);
    if (!table.isTable() || !table.foreignParts().isEmpty()) {
      findings.refuse(
          place,
          table.name()
              + (table.isTable() ? " has foreign parts" : " is " + table.kindInWords())
              + "; only rows of local tables can be changed in batches");
      return Optional.empty();
    }
    if (rights.hidesRows(table)) {
      findings.refuse(place, SourceCheck.rowSecurity(table));
    }
    Optional<UniqueIndex> index =
        key(place, step, table, new IndexCatalog(inquiry).primaryKey(table));
    if (index.isEmpty()) {
      return Optional.empty();
    }
    RowEvent event = step.deletes() ? RowEvent.DELETE : RowEvent.UPDATE;
    Cascades cascades = step.deletes() ? Cascades.of(inquiry, table) : Cascades.none(table);
    new ReplicaIdentity(inquiry, findings).check(place, cascades, List.of(event));
    List<String> triggers = new TriggerCheck(inquiry, findings).triggers(place, table, event);
    if (step.deletes()) {
      UnindexedKeys.warn(inquiry, place, cascades, name -> pending.indexes(step, name), findings);
    }
    expressions(place, step, table, scope);
    rights(place, step, table, index.get().columns(), cascades);
    return Optional.of(
        new ChangeTarget(
            table,
            index.get().columns().stream()
                .map(name -> TargetColumn.of(table.column(name).orElseThrow(), false))
                .toList(),
            index.get().name(),
            !triggers.isEmpty() || !new TriggerCatalog(inquiry).rules(table, event).isEmpty(),
            cascades,
            step.deletes() ? new ParentCatalog(inquiry).ownKeys(table) : Set.of()));
  }

  /** By another {@code >} than the index's, rows would be passed over. */
  private boolean isOutOfSight(Column column) throws SQLException {
    return column.of().operators().isPresent()
        && !inquiry.one(
            "SELECT ?::pg_catalog.name OPERATOR(pg_catalog.=) ANY (pg_catalog.current_schemas(true))",
            row -> row.getBoolean(1),
            column.of().operators().get());
  }

  /** The index that the step goes along. */
  private Optional<UniqueIndex> key(
      String place, Step.InPlace step, Table table, List<String> primaryKey) throws SQLException {
    List<String> key = step.key().isEmpty() ? primaryKey : step.key();
    if (key.isEmpty()) {
      findings.refuse(
          place,
          table.name()
              + " has no primary key; give the step key = [the columns of a unique index]");
      return Optional.empty();
    }
    boolean complete = true;
    List<String> nullable = new ArrayList<>();
    for (String column : key) {
      if (table.column(column).isEmpty()) {
        findings.refuse(place, SourceCheck.noColumn(table, column));
        complete = false;
      } else if (!table.column(column).get().notNull()) {
        nullable.add(column);
      } else if (isOutOfSight(table.column(column).get())) {
        Column hidden = table.column(column).get();
        findings.refuse(
            place,
            "key column %s of %s is %s, whose operators are in the schema %s, where the search_path of this role does not look; ALTER ROLE … SET search_path to one that has it"
                .formatted(
                    TableName.quote(column),
                    table.name(),
                    hidden.type(),
                    TableName.quote(hidden.of().operators().orElseThrow())));
        complete = false;
      } else if (step.set().containsKey(column)) {
        findings.refuse(
            place, "sets " + TableName.quote(column) + ", a column of the key that it goes along");
      }
    }
    if (!nullable.isEmpty()) {
      NullableKey absent = new NullableKey(table, nullable);
      findings.refuse(
          place,
          "%s, and such a row has no place in the key's order; %s"
              .formatted(absent.inWords(), absent.setNotNull()));
      complete = false;
    }
    if (!complete) {
      return Optional.empty();
    }
    Optional<UniqueIndex> index =
        table.uniqueIndexes().stream()
            .filter(each -> each.isOn(key) && each.valid() && each.predicate().isEmpty())
            .findFirst();
    if (index.isEmpty()) {
      findings.refuse(
          place,
          "%s has no valid unique index on exactly (%s) to go along%s"
              .formatted(table.name(), String.join(", ", key), cure(table, key)));
    }
    return index;
  }

  /** An index on all rows would forbid what a partial one is there to allow. */
  private static String cure(Table table, List<String> key) {
    Optional<UniqueIndex> partial =
        table.uniqueIndexes().stream()
            .filter(each -> each.isOn(key) && each.predicate().isPresent())
            .findFirst();
    return partial
        .map(
            index ->
                " (%s covers only rows WHERE %s); give the step the key of an index that has every row"
                    .formatted(index.name(), index.predicate().get()))
        .orElseGet(() -> "; " + UniqueIndex.creating(table, key));
  }

  /** EXPLAIN looks at names, types and rights, and runs nothing. */
  private void expressions(String place, Step.InPlace step, Table table, ChangeScope scope)
      throws SQLException {
    PendingTable pendingTable = PendingTable.of(inquiry, scope, tables, step);
    for (String column : step.set().keySet()) {
      if (!pendingTable.columns().contains(column)) {
        findings.refuse(
            place,
            table.name()
                + " has no column "
                + TableName.quote(column)
                + ", and no step before this one makes it"
                + Nearest.hint(column, pendingTable.columns()));
      } else {
        table
            .column(column)
            .flatMap(Column::unwritable)
            .ifPresent(
                why ->
                    findings.refuse(
                        place, table.name() + "." + column + " " + why + " and cannot be set"));
      }
    }
    if (!pendingTable.askable()) {
      return;
    }
    Explained explained = new Explained(inquiry, findings);
    boolean values =
        explained.ask(
            place,
            "where",
            step,
            scope,
            "EXPLAIN SELECT FROM "
                + pendingTable.from()
                + " WHERE ("
                + scope.inline(step.where())
                + "\n)");
    for (Map.Entry<String, String> set : step.set().entrySet()) {
      values &=
          explained.ask(
              place,
              "set." + set.getKey(),
              step,
              scope,
              "EXPLAIN SELECT ("
                  + scope.inline(set.getValue())
                  + "\n) FROM "
                  + pendingTable.from());
    }
    if (values
        && !step.deletes()
        && pendingTable.unchanged()
        && pendingTable.columns().containsAll(step.set().keySet())) {
      // Whether the values fit their columns.
      explained.ask(
          place,
          "set",
          step,
          scope,
          "EXPLAIN UPDATE "
              + table.name().quoted()
              + " SET "
              + step.set().entrySet().stream()
                  .map(
                      set ->
                          TableName.quote(set.getKey())
                              + " = ("
                              + scope.inline(set.getValue())
                              + "\n)")
                  .collect(Collectors.joining(", ")));
    }
  }

  private void rights(
      String place, Step.InPlace step, Table table, List<String> key, Cascades cascades)
      throws SQLException {
    Set<String> asked =
        SqlWords.names(step.where() + "\n" + String.join("\n", step.set().values()));
    Set<String> read = new LinkedHashSet<>(key);
    table.columnNames().stream().filter(asked::contains).forEach(read::add);
    rights.need(place, Privilege.SELECT, table, read, findings);
    if (!step.deletes()) {
      List<String> set =
          step.set().keySet().stream().filter(c -> table.column(c).isPresent()).toList();
      rights.need(place, Privilege.UPDATE, table, set, findings);
      return;
    }
    rights.needTable(place, Privilege.DELETE, table, findings);
    for (Cascades.Edge edge : cascades.edges()) {
      // So that a dry run, or a limit, can count what goes along; the server deletes it itself.
      rights.need(
          place,
          Privilege.SELECT,
          new Catalog(inquiry).table(edge.child()),
          edge.columns(),
          findings);
    }
  }
}
