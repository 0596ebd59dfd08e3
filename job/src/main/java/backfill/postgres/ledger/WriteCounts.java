package backfill.postgres.ledger;

import backfill.postgres.server.Retry;
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
 * @param set of these, where a writer does both, those that it set
 * @param leaving rows that they left as they were
 * @param refusing rows that the server refused
 * @param cascaded table to rows that went with those that were deleted
 * @param effort what it took
 * @param exact false once a task ran twice without a ledger: the rows that its first attempt
 *     committed came back as already there
 */
public record WriteCounts(
    long rows,
    long changed,
    long set,
    Leaving leaving,
    Refusing refusing,
    Map<String, Long> cascaded,
    Effort effort,
    boolean exact)
    implements Serializable {

  /** Keys of rows left alone, and of rejected ones, that are kept for verify and the report. */
  public static final int KEYS_KEPT = 100_000;

  /** Rejections that the report shows. */
  public static final int REJECTIONS_KEPT = 100;

  /** Of writers that only add rows, or only set them. */
  public WriteCounts(
      long rows,
      long changed,
      Leaving leaving,
      Refusing refusing,
      Map<String, Long> cascaded,
      Effort effort,
      boolean exact) {
    this(rows, changed, 0, leaving, refusing, cascaded, effort, exact);
  }

  /** Of a writer that did nothing. */
  public static final WriteCounts NONE =
      new WriteCounts(0, 0, Leaving.NONE, Refusing.NONE, Map.of(), Effort.NONE, true);

  /**
   * Rows that were left as they were.
   *
   * @param rows for an insert: those whose key was there already; otherwise: those that no longer
   *     held what was read
   * @param keys the keys of these where the operation names them, at most {@link #KEYS_KEPT}
   * @param absent of these, those that were to be set, and whose key was not there
   */
  public record Leaving(long rows, List<List<String>> keys, long absent) implements Serializable {
    public static final Leaving NONE = new Leaving(0, List.of());

    /** All of them were there. */
    public Leaving(long rows, List<List<String>> keys) {
      this(rows, keys, 0);
    }

    private Leaving plus(Leaving other) {
      return new Leaving(
          rows + other.rows, first(KEYS_KEPT, keys, other.keys), absent + other.absent);
    }
  }

  /**
   * Rows that the server refused.
   *
   * @param parentsGone those of them that only lost their parent meanwhile
   * @param keys the keys of all of them, at most {@link #KEYS_KEPT}
   * @param rejections what is known of these, at most {@link #REJECTIONS_KEPT}
   */
  public record Refusing(
      long rows, long parentsGone, List<List<String>> keys, List<Rejection> rejections)
      implements Serializable {
    public static final Refusing NONE = new Refusing(0, 0, List.of(), List.of());

    /** Of these, which are all. */
    public static Refusing of(List<Rejection> rejections, long parentsGone) {
      return new Refusing(
          rejections.size(),
          parentsGone,
          rejections.stream().map(Rejection::key).limit(KEYS_KEPT).toList(),
          rejections.stream().limit(REJECTIONS_KEPT).toList());
    }

    private Refusing plus(Refusing other) {
      return new Refusing(
          rows + other.rows,
          parentsGone + other.parentsGone,
          first(KEYS_KEPT, keys, other.keys),
          first(REJECTIONS_KEPT, rejections, other.rejections));
    }
  }

  /**
   * What the writing took.
   *
   * @param statements statements that wrote rows, or looked for those at fault, each attempt
   *     counted
   * @param retries batches tried again
   * @param lockWaitNanos time in attempts that gave up for a lock, and in the pauses after them
   * @param throttledNanos time that the throttle held it back
   */
  public record Effort(long statements, long retries, long lockWaitNanos, long throttledNanos)
      implements Serializable {
    static final Effort NONE = new Effort(0, 0, 0);

    /** Of work that nothing held back. */
    public Effort(long statements, long retries, long lockWaitNanos) {
      this(statements, retries, lockWaitNanos, 0);
    }

    private Effort plus(Effort other) {
      return new Effort(
          statements + other.statements,
          retries + other.retries,
          lockWaitNanos + other.lockWaitNanos,
          throttledNanos + other.throttledNanos);
    }
  }

  /** Of rows that were never sent. */
  public static WriteCounts rejected(List<Rejection> rejections) {
    return rejections.isEmpty()
        ? NONE
        : new WriteCounts(
            rejections.size(),
            0,
            Leaving.NONE,
            Refusing.of(rejections, 0),
            Map.of(),
            Effort.NONE,
            true);
  }

  public long left() {
    return leaving.rows();
  }

  public List<List<String>> leftKeys() {
    return leaving.keys();
  }

  public long rejected() {
    return refusing.rows();
  }

  public List<List<String>> rejectedKeys() {
    return refusing.keys();
  }

  public List<Rejection> rejections() {
    return refusing.rejections();
  }

  public long statements() {
    return effort.statements();
  }

  public long retries() {
    return effort.retries();
  }

  public long lockWaitNanos() {
    return effort.lockWaitNanos();
  }

  public long throttledNanos() {
    return effort.throttledNanos();
  }

  /** Rejected rows that someone has to look at, and that a limit counts. */
  public long rejectedForTheData() {
    return refusing.rows() - refusing.parentsGone();
  }

  /** These counts, after attempts in vain. */
  public WriteCounts after(Retry retry) {
    Effort whole =
        new Effort(
            effort.statements() + retry.attempts(),
            retry.attempts(),
            retry.lockWaitNanos(),
            retry.throttledNanos());
    return new WriteCounts(rows, changed, set, leaving, refusing, cascaded, whole, exact);
  }

  /** These counts, from a task that was not the first to try. */
  public WriteCounts inexact() {
    return new WriteCounts(rows, changed, set, leaving, refusing, cascaded, effort, false);
  }

  /** Both together. */
  public WriteCounts plus(WriteCounts other) {
    return new WriteCounts(
        rows + other.rows,
        changed + other.changed,
        set + other.set,
        leaving.plus(other.leaving),
        refusing.plus(other.refusing),
        sum(cascaded, other.cascaded),
        effort.plus(other.effort),
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
