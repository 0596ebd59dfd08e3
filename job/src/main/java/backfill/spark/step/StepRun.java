package backfill.spark.step;

import backfill.plan.Step;
import backfill.postgres.ledger.StepCounts;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.write.Parents;
import backfill.postgres.write.Target;
import backfill.postgres.write.WritePart;
import backfill.spark.read.KeptSources;
import backfill.spark.read.SnapshotReader;
import backfill.spark.sink.Sink;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One step on its way through the stages: read, flatten, diff, write and verify are called in this
 * order, each once, and write once for each part. The others say what the step is.
 */
public interface StepRun extends AutoCloseable {
  Step.Fill step();

  /** What it fills. */
  Target target();

  /** The writes that it consists of, in their order; known once it is read. */
  List<WritePart> parts();

  /** Begins to read what the target has, under the same snapshot as the sources. */
  void read(SnapshotReader reader, KeptSources sources);

  /** The target's columns that would have other values in another run that found the same. */
  Set<String> varying();

  /** Decides what the target should have. */
  void flatten();

  /** What the sources nest, known once the step is flattened. */
  default Nesting.OfStep nesting() {
    return Nesting.OfStep.NONE;
  }

  /** Takes away what it has. */
  DiffCounts diff();

  /** What is told of that, to be asked for as often as it is needed. */
  ToldDiff told();

  /** Which parents of the target's rows there were when it was read. */
  Parents parents();

  /** Carries one of them out. */
  WriteCounts write(WritePart part, Sink sink);

  /**
   * Column to rows in which it was really set; empty for a step that sets none, null where it is
   * not known.
   */
  Map<String, Long> columnsSet(StepCounts written);

  /**
   * Compares with the state of another snapshot what this run planned and wrote.
   *
   * @param sources read anew under that snapshot
   */
  Verified verify(SnapshotReader reader, KeptSources sources, StepCounts written);

  /**
   * The same where that snapshot shows every source as it was read: what should be there is what
   * was planned, and the target alone is read.
   */
  Verified verifyTarget(SnapshotReader reader, StepCounts written);

  /** Lets go of what Spark keeps for it. */
  @Override
  void close();
}
