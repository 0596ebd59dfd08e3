package backfill.spark;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.Column;
import backfill.postgres.Database;
import backfill.postgres.Ready;
import backfill.postgres.RunLedger;
import backfill.postgres.Target;
import backfill.postgres.TargetColumn;
import backfill.postgres.WriteTarget;
import java.util.List;

/** Where and how each kind of step writes. */
public final class Sinks {
  private Sinks() {}

  /** The way to a step's target. */
  public static Sink of(
      StepRun run,
      Ready ready,
      Plan plan,
      Database database,
      String applicationName,
      RunLedger ledger) {
    return new Sink(
        target(run.step(), run.columns(), ready, plan, database),
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
      Step step, List<String> columns, Ready ready, Plan plan, Database database) {
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
        step.write().retryFor());
  }

  private static TargetColumn column(Target target, String name) {
    Column column = target.table().column(name).orElseThrow();
    return new TargetColumn(name, column.castType());
  }
}
