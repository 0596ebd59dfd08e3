package backfill.postgres;

import backfill.plan.Step;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whether the steps that change a database from within can be carried out, each on what the steps
 * before it leave: what an earlier one makes counts as there.
 */
final class ChangeCheck {
  private final Inquiry inquiry;
  private final Findings findings;
  private final Rights rights;
  private final String user;
  private final Map<String, Table> tables = new LinkedHashMap<>();
  private final Map<String, ChangeTarget> targets = new LinkedHashMap<>();

  ChangeCheck(Inquiry inquiry, String user, Findings findings) {
    this.inquiry = inquiry;
    this.user = user;
    this.findings = findings;
    this.rights = new Rights(inquiry, user);
  }

  /**
   * Looks for every table that a step names, or a reason among the findings: a database of
   * something else lacks them, and no condition is asked there.
   *
   * @param steps in their order
   */
  void find(List<Step> steps) throws SQLException {
    Set<String> made = new HashSet<>();
    for (Step step : steps) {
      if (step instanceof Step.Batches batches) {
        Optional<String> simple = simpleName(batches.table());
        if (simple.isEmpty() || !made.contains(simple.get())) {
          new NameLookup(inquiry)
              .find(TargetCheck.place(step), batches.table(), findings)
              .ifPresent(table -> tables.put(step.name(), table));
        }
      } else if (step instanceof Step.Ddl ddl) {
        find(ddl, made);
      }
    }
  }

  private Optional<String> simpleName(String written) throws SQLException {
    return NamedObject.of(inquiry, "", written, Set.of(), new Findings())
        .map(object -> object.relation().get(object.relation().size() - 1));
  }

  private void find(Step.Ddl ddl, Set<String> made) throws SQLException {
    String place = TargetCheck.place(ddl);
    Step.Definition definition = ddl.definition();
    if (definition instanceof Step.EnumValues values) {
      enumType(place, values);
      return;
    }
    List<String> names =
        definition instanceof Step.NotNull notNull
            ? notNull.columns()
            : List.of(definition.target());
    for (String name : names) {
      Optional<NamedObject> object = NamedObject.of(inquiry, place, name, made, findings);
      if (object.isPresent()) {
        find(ddl, object.get(), made);
      }
    }
  }

  private void find(Step.Ddl ddl, NamedObject object, Set<String> made) throws SQLException {
    String own = object.relation().get(object.relation().size() - 1);
    Optional<Long> there = object.table(inquiry);
    boolean makesRelation = ddl.definition() instanceof Step.Creates && object.column().isEmpty();
    if (there.isEmpty()) {
      if (object.column().isPresent() && !made.contains(own)) {
        findings.refuse(
            TargetCheck.place(ddl),
            "table " + String.join(".", object.relation()) + " does not exist");
      }
      there = makesRelation ? indexed(ddl, made) : Optional.empty();
    }
    if (makesRelation) {
      made.add(own);
    }
    if (there.isPresent()) {
      Table table = new Catalog(inquiry).table(there.get());
      tables.put(ddl.name(), table);
    }
  }

  /** The table of an index that is to be made. */
  private Optional<Long> indexed(Step.Ddl ddl, Set<String> made) throws SQLException {
    Optional<String> written = new DdlText(((Step.Creates) ddl.definition()).statement()).table();
    if (written.isEmpty()) {
      return Optional.empty();
    }
    Optional<Long> table =
        Optional.ofNullable(
            inquiry.one(
                "SELECT pg_catalog.to_regclass(?)::pg_catalog.oid::pg_catalog.int8",
                row -> (Long) row.getObject(1),
                written.get()));
    if (table.isEmpty() && !made.contains(simpleName(written.get()).orElse(""))) {
      findings.refuse(
          TargetCheck.place(ddl),
          "its statement is about table " + written.get() + ", which does not exist");
    }
    return table;
  }

  private void enumType(String place, Step.EnumValues values) throws SQLException {
    boolean there =
        inquiry.one(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_type WHERE typtype = 'e' AND oid = pg_catalog.to_regtype(?))",
            row -> row.getBoolean(1),
            values.type());
    if (!there) {
      findings.refuse(place, values.type() + " is not an enum type that the search path has");
    }
  }

  /** Asks all that the steps which will run need, and answers with what was found. */
  Changes check(ChangeScope scope) throws SQLException {
    for (Step step : scope.steps()) {
      if (step instanceof Step.Batches batches && tables.containsKey(step.name())) {
        batches(batches, tables.get(step.name()), scope);
      } else if (step instanceof Step.Ddl ddl) {
        new DdlCheck(inquiry, user, findings).check(ddl, tables.get(step.name()), scope);
      }
    }
    return new Changes(Map.copyOf(targets), Map.copyOf(tables));
  }

  private void batches(Step.Batches step, Table table, ChangeScope scope) throws SQLException {
    String place = TargetCheck.place(step);
    if (!table.isTable() || !table.foreignParts().isEmpty()) {
      findings.refuse(
          place,
          table.name()
              + (table.isTable() ? " has foreign parts" : " is " + table.kindInWords())
              + "; only rows of local tables can be changed in batches");
      return;
    }
    Catalog catalog = new Catalog(inquiry);
    if (catalog.rowSecurityActive(table)) {
      findings.refuse(place, SourceCheck.rowSecurity(table));
    }
    Optional<UniqueIndex> index = key(place, step, table, catalog.primaryKey(table));
    if (index.isEmpty()) {
      return;
    }
    String event = step.deletes() ? "DELETE" : "UPDATE";
    List<String> triggers = catalog.beforeRowTriggers(table, event);
    triggers.forEach(
        trigger ->
            findings.warn(
                place,
                "trigger %s fires BEFORE %s on %s and may change or drop rows"
                    .formatted(trigger, event, table.name())));
    Cascades cascades =
        step.deletes() ? Cascades.of(inquiry, table) : new Cascades(table, List.of(), Map.of());
    targets.put(
        step.name(),
        new ChangeTarget(
            table,
            index.get().columns().stream()
                .map(name -> new TargetColumn(name, table.column(name).orElseThrow().castType()))
                .toList(),
            index.get().name(),
            !triggers.isEmpty() || !catalog.rules(table, event).isEmpty(),
            cascades));
    expressions(place, step, table, scope);
    rights(place, step, table, index.get().columns(), cascades);
  }

  /** The index that the step goes along. */
  private Optional<UniqueIndex> key(
      String place, Step.Batches step, Table table, List<String> primaryKey) {
    List<String> key = step.key().isEmpty() ? primaryKey : step.key();
    if (key.isEmpty()) {
      findings.refuse(
          place,
          table.name()
              + " has no primary key; give the step key = [the columns of a unique index]");
      return Optional.empty();
    }
    boolean complete = true;
    for (String column : key) {
      if (table.column(column).isEmpty()) {
        findings.refuse(place, SourceCheck.noColumn(table, column));
        complete = false;
      } else if (!table.column(column).get().notNull()) {
        findings.refuse(
            place,
            "key column %s of %s may be NULL, and such a row has no place in the key's order; ALTER TABLE %s ALTER COLUMN %s SET NOT NULL"
                .formatted(
                    TableName.quote(column),
                    table.name(),
                    table.name().quoted(),
                    TableName.quote(column)));
        complete = false;
      } else if (step.set().containsKey(column)) {
        findings.refuse(
            place, "sets " + TableName.quote(column) + ", a column of the key that it goes along");
      }
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
          "%s has no valid unique index on exactly (%s) to go along; CREATE UNIQUE INDEX %sON %s (%s)"
              .formatted(
                  table.name(),
                  String.join(", ", key),
                  table.kind() == 'p' ? "" : "CONCURRENTLY ",
                  table.name().quoted(),
                  key.stream().map(TableName::quote).collect(Collectors.joining(", "))));
    }
    return index;
  }

  /** EXPLAIN looks at names, types and rights, and runs nothing. */
  private void expressions(String place, Step.Batches step, Table table, ChangeScope scope)
      throws SQLException {
    Foreseen foreseen = Foreseen.of(inquiry, scope, tables, step);
    for (String column : step.set().keySet()) {
      if (!foreseen.columns().contains(column)) {
        findings.refuse(
            place,
            table.name()
                + " has no column "
                + TableName.quote(column)
                + ", and no step before this one makes it"
                + CloseNames.hint(column, foreseen.columns()));
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
    if (!foreseen.askable()) {
      return;
    }
    boolean values =
        explained(
            place,
            "where",
            step,
            scope,
            "EXPLAIN SELECT FROM "
                + foreseen.from()
                + " WHERE ("
                + scope.inline(step.where())
                + "\n)");
    for (Map.Entry<String, String> set : step.set().entrySet()) {
      values &=
          explained(
              place,
              "set." + set.getKey(),
              step,
              scope,
              "EXPLAIN SELECT (" + scope.inline(set.getValue()) + "\n) FROM " + foreseen.from());
    }
    if (values
        && !step.deletes()
        && foreseen.unchanged()
        && foreseen.columns().containsAll(step.set().keySet())) {
      // Whether the values fit their columns.
      explained(
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

  private boolean explained(
      String place, String what, Step.Batches step, ChangeScope scope, String sql)
      throws SQLException {
    try {
      inquiry.rows(sql, row -> row.getString(1));
      return true;
    } catch (SQLException e) {
      if (ConnectionFailure.passing(e.getSQLState())) {
        throw e;
      }
      boolean lacksRights = "42501".equals(e.getSQLState()); // named below, column by column
      boolean valueToCome =
          "22P02".equals(e.getSQLState())
              && scope.before(step).stream()
                  .anyMatch(
                      each ->
                          each instanceof Step.Ddl ddl
                              && ddl.definition() instanceof Step.EnumValues);
      if (!lacksRights && !valueToCome) {
        findings.refuse(place, what + " cannot be asked: " + ConnectionFailure.oneLine(e));
      }
      return false;
    }
  }

  private void rights(
      String place, Step.Batches step, Table table, List<String> key, Cascades cascades)
      throws SQLException {
    String asked = step.where() + " " + String.join(" ", step.set().values());
    Set<String> read = new java.util.LinkedHashSet<>(key);
    table.columnNames().stream()
        .filter(column -> SourceCheck.occurs(column, asked.replace("\"\"", "\"")))
        .forEach(read::add);
    rights.need(place, "SELECT", table, read, findings);
    if (!step.deletes()) {
      List<String> set =
          step.set().keySet().stream().filter(c -> table.column(c).isPresent()).toList();
      rights.need(place, "UPDATE", table, set, findings);
      return;
    }
    rights.needTable(place, "DELETE", table, findings);
    for (Cascades.Edge edge : cascades.edges()) {
      // So that a dry run, or a limit, can count what goes along; the server deletes it itself.
      rights.need(
          place, "SELECT", new Catalog(inquiry).table(edge.child()), edge.columns(), findings);
    }
  }
}
