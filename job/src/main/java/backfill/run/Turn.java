package backfill.run;

import backfill.report.Refusal;
import backfill.spark.step.Overlay;
import java.util.List;

/**
 * One turn of a schedule on its way through the stages; each method is one of them, called once, in
 * this order. What a kind of turn does not have is nothing.
 */
interface Turn extends AutoCloseable {
  default void read() throws Exception {}

  default void flatten() throws Exception {}

  /** Counts, and tells the walk that it did. */
  default void diff() throws Exception {}

  /** What the guards refuse of it, once it is counted. */
  default List<Refusal> refusals() throws Exception {
    return List.of();
  }

  /** Writes; only a run asks for it. */
  default void write() throws Exception {}

  /** Looks at what a turn wrote that is verified by itself; fills are verified together. */
  default void verify() throws Exception {}

  /** From here on its targets are seen as it would leave them. */
  default void layOver(Overlay overlay) {}

  /** Lets go of what is kept for it; may be called twice. */
  @Override
  default void close() {}
}
