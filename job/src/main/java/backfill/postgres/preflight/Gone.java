package backfill.postgres.preflight;

import backfill.plan.Definition;
import backfill.plan.Step;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.NamedObject;
import backfill.postgres.catalog.Table;
import backfill.postgres.change.DdlText;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What steps of this run take away that is there now: a later step that needs it would find it
 * missing.
 */
final class Gone {
  private final List<? extends Step> steps;
  private final List<Going> going = new ArrayList<>();

  private Gone(List<? extends Step> steps) {
    this.steps = steps;
  }

  /** What one step takes away. */
  private record Going(Step by, TableName relation, Optional<String> column, String written) {}

  /** Of these steps, in their order. */
  static Gone of(List<? extends Step> steps, Inquiry inquiry) throws SQLException {
    Gone gone = new Gone(steps);
    for (Step step : steps) {
      if (step instanceof Step.Ddl ddl && ddl.definition() instanceof Definition.Drops drops) {
        gone.add(step, drops, inquiry);
      }
    }
    return gone;
  }

  private void add(Step step, Definition.Drops drops, Inquiry inquiry) throws SQLException {
    Optional<NamedObject> object =
        NamedObject.of(inquiry, "", drops.object(), Set.of(), new Findings());
    if (object.isPresent() && object.get().state(inquiry) != NamedObject.State.ABSENT) {
      inquiry
          .rows(
              """
              SELECT n.nspname, c.relname FROM pg_catalog.pg_class c
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              WHERE c.oid = pg_catalog.to_regclass(?)""",
              row -> new TableName(row.getString(1), row.getString(2)),
              object.get().quotedRelation())
          .forEach(
              relation ->
                  going.add(new Going(step, relation, object.get().column(), drops.object())));
    }
  }

  /** Refuses a step for each thing that it needs and an earlier one takes away. */
  void check(String place, Step step, Table table, Collection<String> columns, Findings findings) {
    for (Going each : before(step)) {
      if (each.relation().equals(table.name())
          && (each.column().isEmpty() || columns.contains(each.column().get()))) {
        findings.refuse(
            place,
            "needs %s%s, which step %s drops before"
                .formatted(
                    table.name(), each.column().map(c -> "." + c).orElse(""), each.by().name()));
      }
    }
  }

  /** Refuses a step if an earlier one takes away the index that it goes by. */
  void checkIndex(String place, Step step, Table table, String index, Findings findings) {
    TableName name = new TableName(table.name().schema(), index);
    for (Going each : before(step)) {
      if (each.relation().equals(name)) {
        findings.refuse(
            place,
            "needs index %s of %s, which step %s drops before"
                .formatted(index, table.name(), each.by().name()));
      }
    }
  }

  /** Without what is made anew in between. */
  private List<Going> before(Step step) {
    int place = steps.indexOf(step);
    return going.stream()
        .filter(each -> steps.indexOf(each.by()) < place)
        .filter(
            each ->
                steps.subList(steps.indexOf(each.by()), place).stream()
                    .noneMatch(between -> makes(between, each)))
        .toList();
  }

  private static boolean makes(Step step, Going gone) {
    return step instanceof Step.Ddl ddl
        && ddl.definition() instanceof Definition.Creates creates
        && (creates.object().equals(gone.written())
            || new DdlText(creates.statement()).mentions(gone.relation().name()));
  }
}
