package backfill.spark;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.Column;
import backfill.postgres.Database;
import backfill.postgres.ParentTable;
import backfill.postgres.Parents;
import backfill.postgres.Ready;
import backfill.postgres.RejectionRules;
import backfill.postgres.RunLedger;
import backfill.postgres.Target;
import backfill.postgres.TargetColumn;
import backfill.postgres.WriteTarget;
import java.util.List;

/** Where and how each kind of step writes. */
public final class Sinks {
  private Sinks() {}

  /**
   * The way to a step's target.
   *
   * @param rejectedBefore rows of earlier steps that were rejected
   */
  public static Sink of(
      StepRun run,
      Ready ready,
      Plan plan,
      Database database,
      String applicationName,
      RunLedger ledger,
      long rejectedBefore) {
    return new Sink(
        target(run.step(), run.columns(), ready, plan, database, run.parents(), rejectedBefore),
        run.step().write().rowsPerBatch(),
        applicationName,
        ledger.slot(run.step().name()).orElse(null));
  }

  /**
   * Where and how a step writes.
   *
   * @param columns the target's columns that it writes, in order
   */
  public static WriteTarget target(
      Step.Fill step, List<String> columns, Ready ready, Plan plan, Database database) {
    return target(step, columns, ready, plan, database, Parents.UNKNOWN, 0);
  }

  private static WriteTarget target(
      Step.Fill step,
      List<String> columns,
      Ready ready,
      Plan plan,
      Database database,
      Parents parents,
      long rejectedBefore) {
    Target target = ready.targets().get(step.name());
    return new WriteTarget(
        database,
        target.table().name(),
        columns.stream().map(name -> column(target, name)).toList(),
        step.key(),
        target.arbiter().onConflict(),
        step instanceof Step.Pairs
            ? WriteTarget.Operation.INSERT_MISSING
            : WriteTarget.Operation.COMPARE_AND_SET,
        plan.settings().lockTimeout(),
        step.write().statementTimeout(),
        step.write().retryFor(),
        new RejectionRules(
            target.parentsOf(columns).stream().map(ParentTable::key).toList(),
            parents,
            !target.beforeTriggers().isEmpty(),
            plan.limits().rejectedRows(),
            rejectedBefore));
  }

  private static TargetColumn column(Target target, String name) {
    Column column = target.table().column(name).orElseThrow();
    return new TargetColumn(name, column.castType());
  }
}
