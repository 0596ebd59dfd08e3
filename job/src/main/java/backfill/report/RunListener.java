package backfill.report;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.change.FoundChangeTargets;
import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.server.NamedDatabases;
import backfill.postgres.throttle.ReplicaLag;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Is told how a run goes, beside its report. Called by the run's own thread; what it throws would
 * end the run, and what it waits for delays it.
 */
public interface RunListener {
  /**
   * What a run is about, once preflight has found it.
   *
   * @param steps those that will run
   * @param report so far
   */
  record Begun(
      Plan plan,
      List<Step> steps,
      PreflightResult ready,
      FoundChangeTargets changes,
      NamedDatabases databases,
      Report report) {}

  /** Preflight is over, and it may run. */
  default void planned(Begun begun) {}

  /** A stage, or a part of one, begins. */
  default void goesOn(Report soFar) {}

  /**
   * A step is about to be written.
   *
   * @param lag may be asked by any thread, until the run is over
   */
  default void writes(Supplier<ReplicaLag> lag) {}

  /**
   * It is over.
   *
   * @param warn takes what could not be told
   */
  void ended(Report report, Consumer<String> warn);
}
