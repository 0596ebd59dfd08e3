package backfill.spark.source;

import java.util.BitSet;

/**
 * Which partitions of one scan were given to tasks, and in which snapshot; guarded by {@link
 * OpenSnapshots}. A scan that is executed once more may read in a later snapshot, but never beside
 * rows of an earlier one.
 */
final class ReadPartitions {
  private final BitSet given = new BitSet();
  private HeldSnapshot in;
  private int expected;
  private boolean kept;

  void expect(int partitions) {
    expected = partitions;
  }

  /** A task for it is about to begin in this snapshot. */
  void give(int partition, HeldSnapshot held) {
    if (in != held) {
      given.clear();
      in = held;
    }
    given.set(partition);
  }

  /** Spark keeps what was read: in memory, or as a shuffle's files. */
  void keep() {
    kept = true;
  }

  /** Whether each was given to a task in its snapshot. */
  boolean isWhole() {
    return given.cardinality() >= expected;
  }

  /**
   * Whether reading this one in another snapshot would set rows of two moments side by side: what
   * was read is kept, or only a part was and this goes on with it, or another scan of the query
   * read beside it.
   */
  boolean mixesWith(int partition, HeldSnapshot held) {
    return in != null
        && in != held
        && !given.isEmpty()
        && (kept || !given.get(partition) || in.hadOthersBeside(this));
  }

  HeldSnapshot in() {
    return in;
  }
}
