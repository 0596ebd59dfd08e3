package backfill.spark;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.Column;
import backfill.postgres.Database;
import backfill.postgres.NewRows;
import backfill.postgres.Operation;
import backfill.postgres.ParentTable;
import backfill.postgres.Parents;
import backfill.postgres.RejectionRules;
import backfill.postgres.RowEvent;
import backfill.postgres.RunLedger;
import backfill.postgres.Target;
import backfill.postgres.TargetColumn;
import backfill.postgres.WritePart;
import backfill.postgres.WriteTarget;
import java.util.List;

/** Where and how each kind of step writes. */
public final class Sinks {
  private Sinks() {}

  /**
   * The way to a step's target, for one of its writes.
   *
   * @param rejectedBefore rows that were rejected so far, in this step and those before
   */
  public static Sink of(
      StepRun run,
      WritePart part,
      Plan plan,
      Database database,
      String applicationName,
      RunLedger ledger,
      long rejectedBefore) {
    return new Sink(
        target(run.step(), part, run.target(), plan, database, run.parents(), rejectedBefore),
        run.step().write(),
        applicationName,
        ledger.slot(Operation.entry(run.step(), part.operation())).orElse(null));
  }

  /** Where and how one of a step's writes goes. */
  public static WriteTarget target(
      Step.Fill step, WritePart part, Target target, Plan plan, Database database) {
    return target(step, part, target, plan, database, Parents.UNKNOWN, 0);
  }

  private static WriteTarget target(
      Step.Fill step,
      WritePart part,
      Target target,
      Plan plan,
      Database database,
      Parents parents,
      long rejectedBefore) {
    List<TargetColumn> columns = part.columns().stream().map(name -> column(target, name)).toList();
    return new WriteTarget(
        new WriteTarget.Where(database, target.table().name()),
        new WriteTarget.Shape(columns, step.key(), part.touched()),
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
