package backfill.postgres.preflight;

import backfill.plan.Definition;
import backfill.plan.Step;
import backfill.postgres.catalog.Catalog;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.NameLookup;
import backfill.postgres.catalog.NamedObject;
import backfill.postgres.catalog.Table;
import backfill.postgres.change.DdlText;
import backfill.postgres.server.Inquiry;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the tables and types that the steps which change a database from within are about; one that
 * an earlier step makes need not be there yet.
 */
final class ChangeTables {
  private final Inquiry inquiry;
  private final Findings findings;
  private final Map<String, Table> tables = new LinkedHashMap<>();

  ChangeTables(Inquiry inquiry, Findings findings) {
    this.inquiry = inquiry;
    this.findings = findings;
  }

  /** Step to table, of those that are there. */
  Map<String, Table> found() {
    return tables;
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
      if (step instanceof Step.InPlace batches) {
        Optional<String> simple = simpleName(batches.table());
        if (simple.isEmpty() || !made.contains(simple.get())) {
          new NameLookup(inquiry)
              .find(Findings.place(step), batches.table(), findings)
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
    String place = Findings.place(ddl);
    Definition definition = ddl.definition();
    if (definition instanceof Definition.EnumValues values) {
      enumType(place, values);
      return;
    }
    List<String> names =
        definition instanceof Definition.NotNull notNull
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
    boolean makesRelation =
        ddl.definition() instanceof Definition.Creates && object.column().isEmpty();
    if (there.isEmpty()) {
      if (object.column().isPresent() && !made.contains(own)) {
        findings.refuse(
            Findings.place(ddl),
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
    Optional<String> written =
        new DdlText(((Definition.Creates) ddl.definition()).statement()).table();
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
          Findings.place(ddl),
          "its statement is about table " + written.get() + ", which does not exist");
    }
    return table;
  }

  private void enumType(String place, Definition.EnumValues values) throws SQLException {
    boolean there =
        inquiry.one(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_type WHERE typtype = 'e' AND oid = pg_catalog.to_regtype(?))",
            row -> row.getBoolean(1),
            values.type());
    if (!there) {
      findings.refuse(place, values.type() + " is not an enum type that the search path has");
    }
  }
}
