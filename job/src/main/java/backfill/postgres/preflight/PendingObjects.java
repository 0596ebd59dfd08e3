package backfill.postgres.preflight;

import backfill.plan.Definition;
import backfill.plan.Step;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.NameLookup;
import backfill.postgres.change.DdlShape;
import backfill.postgres.change.DdlText;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The tables that steps of this run will make, or give a column or an index, and have not yet: what
 * a later step says of them can be looked at right before it runs, and not now.
 */
final class PendingObjects {
  private final List<? extends Step> steps;
  private final Inquiry inquiry;
  private final NameLookup names;
  private final List<Made> made = new ArrayList<>();

  /**
   * What one step will make.
   *
   * @param tables that it makes or changes, as far as its words say
   * @param indexed the one that it gives an index, if it does
   */
  private record Made(Step by, List<TableName> tables, Optional<TableName> indexed) {}

  private PendingObjects(List<? extends Step> steps, Inquiry inquiry) {
    this.steps = steps;
    this.inquiry = inquiry;
    this.names = new NameLookup(inquiry);
  }

  /** Of these steps, in their order. */
  static PendingObjects of(List<? extends Step> steps, Inquiry inquiry) throws SQLException {
    PendingObjects pending = new PendingObjects(steps, inquiry);
    for (Step step : steps) {
      if (step instanceof Step.Ddl ddl && ddl.definition() instanceof Definition.Creates creates) {
        pending.add(step, creates);
      }
    }
    return pending;
  }

  private void add(Step step, Definition.Creates creates) throws SQLException {
    List<String> parts = names.parts(creates.object());
    if (parts.isEmpty() || names.isThere(parts)) {
      return;
    }
    List<TableName> tables = new ArrayList<>();
    if (parts.size() <= 2) {
      tables.add(names.inSchema(parts));
    }
    if (parts.size() >= 2) {
      tables.add(names.inSchema(parts.subList(0, parts.size() - 1)));
    }
    Optional<TableName> indexed = indexed(creates.statement());
    indexed.ifPresent(tables::add);
    made.add(new Made(step, tables, indexed));
  }

  private Optional<TableName> indexed(String statement) throws SQLException {
    return new DdlText(statement).shape() instanceof DdlShape.CreateIndex index
        ? Optional.of(names.inSchema(index.table()))
        : Optional.empty();
  }

  /**
   * The step before this one that will make or change a table, by the name that the plan writes.
   */
  Optional<String> maker(Step step, String table) throws SQLException {
    if (made.isEmpty()) {
      return Optional.empty();
    }
    List<String> parts = names.parts(table);
    if (parts.isEmpty() || parts.size() > 2) {
      return Optional.empty();
    }
    TableName wanted = names.inSchema(parts);
    return made.stream()
        .filter(each -> steps.indexOf(each.by()) < steps.indexOf(step))
        .filter(each -> each.tables().contains(wanted))
        .map(each -> each.by().name())
        .findFirst();
  }

  /** The labels that steps before this one append to a column's enum. */
  List<String> labels(Step step, Column column) throws SQLException {
    List<String> labels = new ArrayList<>();
    for (Step each : steps.subList(0, steps.indexOf(step))) {
      if (each instanceof Step.Ddl ddl
          && ddl.definition() instanceof Definition.EnumValues own
          && isSameType(own.type(), column.castType())) {
        labels.addAll(own.values());
      }
    }
    return labels;
  }

  private boolean isSameType(String one, String other) throws SQLException {
    return inquiry.one(
        "SELECT pg_catalog.to_regtype(?) IS NOT DISTINCT FROM pg_catalog.to_regtype(?)",
        row -> row.getBoolean(1),
        one,
        other);
  }

  /** Whether a step before this one will make an index on a table. */
  boolean indexes(Step step, TableName table) {
    return made.stream()
        .filter(each -> steps.indexOf(each.by()) < steps.indexOf(step))
        .anyMatch(each -> each.indexed().filter(table::equals).isPresent());
  }
}
