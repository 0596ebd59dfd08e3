package backfill.spark;

import backfill.plan.Plan;
import backfill.plan.Settings;
import backfill.postgres.Column;
import backfill.postgres.Database;
import backfill.postgres.ParentTable;
import backfill.postgres.Ready;
import backfill.postgres.RejectionRules;
import backfill.postgres.RunLedger;
import backfill.postgres.Target;
import backfill.postgres.TargetColumn;
import backfill.postgres.WriteTarget;

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
    Target target = ready.targets().get(run.step().name());
    Settings.Write write = run.step().write();
    return new Sink(
        new WriteTarget(
            database,
            target.table().name(),
            run.columns().stream().map(name -> column(target, name)).toList(),
            run.step().key(),
            target.arbiter().onConflict(),
            run instanceof PairsRun
                ? WriteTarget.Operation.INSERT_MISSING
                : WriteTarget.Operation.COMPARE_AND_SET,
            plan.settings().lockTimeout(),
            write.statementTimeout(),
            write.retryFor(),
            new RejectionRules(
                target.parentsOf(run.columns()).stream().map(ParentTable::key).toList(),
                run.parents(),
                !target.beforeTriggers().isEmpty(),
                plan.limits().rejectedRows(),
                rejectedBefore)),
        write.rowsPerBatch(),
        applicationName,
        ledger.slot(run.step().name()).orElse(null));
  }

  private static TargetColumn column(Target target, String name) {
    Column column = target.table().column(name).orElseThrow();
    return new TargetColumn(name, column.castType());
  }
}
