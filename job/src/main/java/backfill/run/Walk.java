package backfill.run;

import backfill.plan.Step;
import backfill.postgres.preflight.PreflightResult;
import backfill.report.StepReportBuilder;
import backfill.spark.read.Reading;
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

  /** All rows of a turn that begins with this step are told. */
  default void told(Step first) {}

  /** The snapshots that these steps read in. */
  Reading begin(PreflightResult found, List<Step.Fill> together) throws Exception;

  /** All that these steps read is read, and the snapshots are still there. */
  default void read(Reading reading, List<Step.Fill> steps) {}

  /** Whether a person is to judge what a run would do: then more is counted than a run needs. */
  default boolean isJudged() {
    return false;
  }

  /** Whether the rows that it counts are written sooner or later. */
  default boolean leadsToWriting() {
    return true;
  }

  /** The counts of a step are known; a step that goes on from there is not over. */
  default void diffed(StepReportBuilder step) {}

  /** A turn is counted, and nothing of it written; does not return where it must not be. */
  void counted(Turn turn, Step first) throws Exception;

  /** Writes a turn, if that is what the walk is for. */
  void write(Turn turn) throws Exception;

  /** Verifies what is due once this turn is written. */
  void verify(Turn turn) throws Exception;

  /** Lets go of what is kept for the turns that it gave. */
  @Override
  void close();
}
