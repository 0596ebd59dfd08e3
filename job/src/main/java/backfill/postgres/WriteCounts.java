package backfill.postgres;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * What one writer did.
 *
 * @param rows rows it was given
 * @param changed rows it added, or set
 * @param left for an insert: rows whose key was there already; for a compare-and-set: rows that no
 *     longer held what was read
 * @param leftKeys the keys of the latter, for a compare-and-set, at most {@link #KEYS_KEPT}
 * @param statements statements that wrote rows, each attempt counted
 * @param retries batches tried again
 * @param exact false once a task ran twice: the rows that its first attempt committed came back as
 *     already there
 * @param waitedNanos time in those statements, and in the pauses between attempts
 */
public record WriteCounts(
    long rows,
    long changed,
    long left,
    List<List<String>> leftKeys,
    long statements,
    long retries,
    long waitedNanos,
    boolean exact)
    implements Serializable {

  /** Keys of rows left alone that are kept for verify and the report. */
  public static final int KEYS_KEPT = 100_000;

  /** Of a writer that did nothing. */
  public static final WriteCounts NONE = new WriteCounts(0, 0, 0, List.of(), 0, 0, 0, true);

  /** The same, from a task that was not the first to try. */
  public WriteCounts inexact() {
    return new WriteCounts(rows, changed, left, leftKeys, statements, retries, waitedNanos, false);
  }

  /** Both together. */
  public WriteCounts plus(WriteCounts other) {
    List<List<String>> keys = new ArrayList<>(leftKeys);
    other.leftKeys.stream().limit(Math.max(0, KEYS_KEPT - keys.size())).forEach(keys::add);
    return new WriteCounts(
        rows + other.rows,
        changed + other.changed,
        left + other.left,
        List.copyOf(keys),
        statements + other.statements,
        retries + other.retries,
        waitedNanos + other.waitedNanos,
        exact && other.exact);
  }
}
