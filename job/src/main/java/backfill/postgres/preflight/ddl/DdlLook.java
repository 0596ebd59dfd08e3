package backfill.postgres.preflight.ddl;

import backfill.plan.Definition;
import backfill.plan.Step;
import backfill.postgres.catalog.Findings;
import backfill.postgres.catalog.NamedObject;
import backfill.postgres.catalog.Table;
import backfill.postgres.change.ChangeScope;
import backfill.postgres.change.DdlText;
import backfill.postgres.change.PendingTable;
import java.util.List;
import java.util.Optional;

/**
 * A {@code ddl} step with a statement, and what is there of what it is about.
 *
 * @param text its statement, with the plan's parameters in it
 * @param object what it makes or takes away
 * @param table the one that it changes, or null where there is none yet
 * @param pending that table as the steps before leave it; null where there is no table yet
 */
record DdlLook(
    Step.Ddl step,
    ChangeScope scope,
    DdlText text,
    NamedObject object,
    NamedObject.State state,
    Table table,
    PendingTable pending) {

  String place() {
    return Findings.place(step);
  }

  /** Whether it is there, and of use. */
  boolean isThere() {
    return state == NamedObject.State.PRESENT;
  }

  /** Whether a name in the statement can mean the step's relation. */
  boolean means(List<String> name) {
    List<String> own = object.relation();
    return name.get(name.size() - 1).equals(own.get(own.size() - 1))
        && (name.size() < 2 || own.size() < 2 || name.equals(own));
  }

  /** The steps before it that change the schema by a statement of their own, and this one. */
  List<DdlText> texts() {
    return java.util.stream.Stream.concat(
            scope.before(step).stream(), java.util.stream.Stream.of(step))
        .map(DdlLook::statement)
        .flatMap(Optional::stream)
        .map(sql -> new DdlText(scope.inline(sql)))
        .toList();
  }

  /** The statement of a step, where it has one. */
  static Optional<String> statement(Step step) {
    if (step instanceof Step.Ddl ddl) {
      if (ddl.definition() instanceof Definition.Creates creates) {
        return Optional.of(creates.statement());
      } else if (ddl.definition() instanceof Definition.Drops drops) {
        return Optional.of(drops.statement());
      }
    }
    return Optional.empty();
  }
}
