package backfill.spark.step;

import backfill.plan.Never;
import backfill.plan.Step;
import backfill.postgres.ledger.StepCounts;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.write.Parents;
import backfill.postgres.write.Target;
import backfill.postgres.write.WritePart;
import backfill.spark.diff.DiffSum;
import backfill.spark.diff.StepDiff;
import backfill.spark.read.KeptSources;
import backfill.spark.read.SnapshotReader;
import backfill.spark.sink.Sink;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * One step on its way through the stages; each method is one of them, called once, in this order.
 */
public interface StepRun extends AutoCloseable {
  Step.Fill step();

  /** What it fills. */
  Target target();

  /** Begins to read what the target has, under the same snapshot as the sources. */
  void read(SnapshotReader reader, KeptSources sources);

  /** Decides what the target should have. */
  void flatten();

  /** Takes away what it has. */
  DiffCounts diff();

  /** Who gains most; asked for by a dry run alone, because it counts every pair once more. */
  Gains gains();

  /** Which rows it would set, the first ones; asked for by a dry run alone. */
  List<RowsToSet> toSet();

  /** Who loses most; null for a step that deletes nothing, or names neither users nor objects. */
  Losses losses();

  /**
   * The user with most pairs, of those who gain one; empty where none does, or where the step names
   * no users.
   *
   * @param except keys of users who do not count
   */
  Optional<FanOut> widestUser(Set<String> except);

  /** The object with most users, of those that gain one. */
  Optional<FanOut> widestObject(Set<String> except);

  /** What the target would have more, other or less; for the steps of a dry run behind it. */
  DiffRowsets changes();

  /** Every row that it would add, set or take away, with its reason. */
  StepDiff toTell();

  /** The target's columns that would have other values in another run that found the same. */
  Set<String> varying();

  /** The sum of these rows, which no reason has a part in. */
  DiffSum checksum();

  /**
   * The rows of one write, with the target's names; what a row to set holds before stands under
   * {@link Never#BEFORE}.
   */
  Dataset<Row> rows(WritePart part);

  /** Which parents of the target's rows there were when it was read. */
  Parents parents();

  /** The writes that it consists of, in their order. */
  List<WritePart> parts();

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

  /** Lets go of what Spark keeps for it. */
  @Override
  void close();
}
