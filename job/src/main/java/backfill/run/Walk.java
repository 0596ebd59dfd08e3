package backfill.run;

import backfill.plan.Step;
import backfill.postgres.preflight.PreflightResult;
import backfill.report.Refusal;
import java.util.List;

/**
 * One walk along a schedule: gives its turns one after the other, and decides what each may find
 * and do. Used by the run's own thread.
 */
interface Walk extends Iterable<Turn>, AutoCloseable {
  /** What these steps find, right before they read. */
  PreflightResult look(List<Step.Fill> together) throws Exception;

  /** Whether what its turns find is told: row by row where someone asked, else by checksums. */
  boolean tells();

  /** What must never happen in it. */
  NeverChecks never();

  /**
   * A turn is counted, and nothing of it written; does not return where it must not be.
   *
   * @param refusals what the guards refuse of it
   */
  void counted(Turn turn, Step first, List<Refusal> refusals) throws Exception;

  /** Verifies what is due once this turn is written. */
  void verify(Turn turn) throws Exception;

  /** Lets go of what is kept for the turns that it gave. */
  @Override
  void close();
}
