package backfill.postgres;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What writers did: one batch, one writer, or all of a step.
 *
 * @param rows rows they were given
 * @param changed rows they added, or set
 * @param left for an insert: rows whose key was there already; otherwise: rows that no longer held
 *     what was read
 * @param leftKeys the keys of these where the operation names them, at most {@link #KEYS_KEPT}
 * @param rejected rows that the server refused
 * @param parentsGone those of them that only lost their parent meanwhile
 * @param rejectedKeys the keys of all rejected rows, at most {@link #KEYS_KEPT}
 * @param rejections what is known of these, at most {@link #REJECTIONS_KEPT}
 * @param cascaded table to rows that went with those that were deleted
 * @param statements statements that wrote rows, or looked for those at fault, each attempt counted
 * @param retries batches tried again
 * @param lockWaitNanos time in attempts that gave up for a lock, and in the pauses after them
 * @param exact false once a task ran twice without a ledger: the rows that its first attempt
 *     committed came back as already there
 */
public record WriteCounts(
    long rows,
    long changed,
    long left,
    List<List<String>> leftKeys,
    long rejected,
    long parentsGone,
    List<List<String>> rejectedKeys,
    List<Rejection> rejections,
    Map<String, Long> cascaded,
    long statements,
    long retries,
    long lockWaitNanos,
    boolean exact)
    implements Serializable {

  /** Keys of rows left alone, and of rejected ones, that are kept for verify and the report. */
  public static final int KEYS_KEPT = 100_000;

  /** Rejections that the report shows. */
  public static final int REJECTIONS_KEPT = 100;

  /** Of a writer that did nothing. */
  public static final WriteCounts NONE =
      new WriteCounts(0, 0, 0, List.of(), 0, 0, List.of(), List.of(), Map.of(), 0, 0, 0, true);

  /** Of rows that were never sent. */
  static WriteCounts rejected(List<Rejection> rejections) {
    return rejections.isEmpty()
        ? NONE
        : new WriteCounts(
            rejections.size(),
            0,
            0,
            List.of(),
            rejections.size(),
            0,
            rejections.stream().map(Rejection::key).limit(KEYS_KEPT).toList(),
            rejections.stream().limit(REJECTIONS_KEPT).toList(),
            Map.of(),
            0,
            0,
            0,
            true);
  }

  /** Rejected rows that somebody has to look at, and that a limit counts. */
  public long rejectedForTheData() {
    return rejected - parentsGone;
  }

  /** The same rows, after attempts in vain. */
  WriteCounts after(Retry retry) {
    return new WriteCounts(
        rows,
        changed,
        left,
        leftKeys,
        rejected,
        parentsGone,
        rejectedKeys,
        rejections,
        cascaded,
        statements + retry.attempts(),
        retry.attempts(),
        retry.lockWaitNanos(),
        exact);
  }

  /** The same, from a task that was not the first to try. */
  public WriteCounts inexact() {
    return new WriteCounts(
        rows,
        changed,
        left,
        leftKeys,
        rejected,
        parentsGone,
        rejectedKeys,
        rejections,
        cascaded,
        statements,
        retries,
        lockWaitNanos,
        false);
  }

  /** Both together. */
  public WriteCounts plus(WriteCounts other) {
    return new WriteCounts(
        rows + other.rows,
        changed + other.changed,
        left + other.left,
        first(KEYS_KEPT, leftKeys, other.leftKeys),
        rejected + other.rejected,
        parentsGone + other.parentsGone,
        first(KEYS_KEPT, rejectedKeys, other.rejectedKeys),
        first(REJECTIONS_KEPT, rejections, other.rejections),
        sum(cascaded, other.cascaded),
        statements + other.statements,
        retries + other.retries,
        lockWaitNanos + other.lockWaitNanos,
        exact && other.exact);
  }

  private static <T> List<T> first(int most, List<T> one, List<T> other) {
    return other.isEmpty() ? one : Stream.concat(one.stream(), other.stream()).limit(most).toList();
  }

  private static Map<String, Long> sum(Map<String, Long> one, Map<String, Long> other) {
    if (other.isEmpty()) {
      return one;
    }
    Map<String, Long> sum = new LinkedHashMap<>(one);
    other.forEach((table, rows) -> sum.merge(table, rows, Long::sum));
    return sum;
  }
}
