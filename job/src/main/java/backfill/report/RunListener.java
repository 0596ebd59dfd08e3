package backfill.report;

import backfill.postgres.throttle.ReplicaLag;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Is told how a run goes, beside its report. Called by the run's own thread; what it throws would
 * end the run, and what it waits for delays it.
 */
public interface RunListener {
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
