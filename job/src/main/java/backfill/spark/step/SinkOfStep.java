package backfill.spark.step;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.ParentTable;
import backfill.postgres.catalog.TargetColumn;
import backfill.postgres.ledger.Operation;
import backfill.postgres.ledger.RunLedger;
import backfill.postgres.server.Database;
import backfill.postgres.server.RowEvent;
import backfill.postgres.write.KeepingRule;
import backfill.postgres.write.NewRows;
import backfill.postgres.write.Parents;
import backfill.postgres.write.RejectionRules;
import backfill.postgres.write.Target;
import backfill.postgres.write.WritePart;
import backfill.postgres.write.WriteTarget;
import backfill.spark.sink.Sink;
import java.util.List;

/**
 * Where and how each step of a run writes.
 *
 * @param database the plan's main one
 */
public record SinkOfStep(Plan plan, Database database, String applicationName) {

  /**
   * The way to a step's target, for one of its writes.
   *
   * @param rejectedBefore rows that were rejected so far, in this step and those before
   */
  public Sink of(StepRun run, WritePart part, RunLedger ledger, long rejectedBefore) {
    WriteTarget target = target(run.step(), part, run.target(), run.parents(), rejectedBefore);
    return new Sink(
        target,
        run.step().write(),
        applicationName,
        ledger
            .slot(Operation.entry(run.step(), part.operation()))
            .map(
                slot ->
                    slot.keeping(
                        KeepingRule.of(plan.settings(), run.step(), run.target().table(), target)))
            .orElse(null));
  }

  /** Where and how one of a step's writes goes. */
  public WriteTarget target(Step.Fill step, WritePart part, Target target) {
    return target(step, part, target, Parents.UNKNOWN, 0);
  }

  private WriteTarget target(
      Step.Fill step, WritePart part, Target target, Parents parents, long rejectedBefore) {
    List<TargetColumn> columns = part.columns().stream().map(name -> column(target, name)).toList();
    return new WriteTarget(
        new WriteTarget.Where(database, target.table().name()),
        new WriteTarget.WrittenColumns(
            columns,
            step.key(),
            part.touched(),
            part.operation().inserts() ? target.setInEach() : List.of()),
        new WriteTarget.Conflict(
            target.arbiter().onConflict(),
            target.owned().map(owned -> owned.ofRow(target.table().name())).orElse(""),
            part.operation().event() == RowEvent.INSERT
                ? NewRows.of(false, target, columns)
                : NewRows.ANY),
        part.operation(),
        target.protocol(part.operation(), step.write().protocol()),
        part.operation() == Operation.COMPARE_AND_DELETE ? target.cascades() : List.of(),
        new WriteTarget.Timeouts(
            plan.settings().lockTimeout(),
            step.write().statementTimeout(),
            step.write().retryFor()),
        new RejectionRules(
            target.parentsOf(part.columns()).stream().map(ParentTable::key).toList(),
            parents,
            !target.beforeTriggers(part.operation().event()).isEmpty(),
            plan.limits().rejectedRows(),
            rejectedBefore));
  }

  private static TargetColumn column(Target target, String name) {
    Column column = target.table().column(name).orElseThrow();
    return TargetColumn.of(
        column,
        target.arbiter().nullsMatch()
            && target.arbiter().columns().contains(name)
            && !column.notNull());
  }
}
