package backfill.spark.step;

import backfill.plan.Amount;
import backfill.plan.Step;
import backfill.postgres.ledger.Operation;
import backfill.postgres.ledger.Rejection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a step would do. A count that a kind of step does not have is null.
 *
 * @param planned rows that the sources justify
 * @param found what the target has
 * @param writes what is to be written
 * @param unfitting planned rows that no statement can write, because a key is NULL or a value is
 *     none of its column's type
 * @param unmatched name to number, as the step's own queries say
 * @param changes column to number of rows in which it would change
 * @param crossing pairs that sources give and that are none; null where none can be
 */
public record DiffCounts(
    long planned,
    Found found,
    RowsToWrite writes,
    Unfit unfitting,
    Map<String, Long> unmatched,
    Map<String, Long> changes,
    Crossing crossing) {

  /**
   * What the target has.
   *
   * @param alreadyPresent of the planned rows, those that it has; for a step that only adds
   * @param foreign of the planned rows, those whose key a row holds that is not the step's; null
   *     where all rows of the target are
   * @param unchanged rows that hold the right values; for a step that sets
   * @param absent keys that it lacks; for an update
   * @param surplus rows that no source justifies; null where the step does not ask
   * @param targetRows rows of the step's
   */
  public record Found(
      Long alreadyPresent,
      Long foreign,
      Long unchanged,
      Long absent,
      Long surplus,
      long targetRows) {}

  /**
   * What is to be written.
   *
   * @param toInsert of the planned rows, those to add
   * @param toUpdate rows to set
   * @param toDelete rows to take away, without those that go along with them
   */
  public record RowsToWrite(Long toInsert, Long toUpdate, Long toDelete) {}

  /**
   * Rows that no statement can write.
   *
   * @param rejections what is known of them, the first ones
   */
  public record Unfit(long rows, List<Rejection> rejections) {
    public static final Unfit NONE = new Unfit(0, List.of());
  }

  /**
   * Pairs whose object and user differ in a column that both have. A row has one value there, and
   * would say of the one what holds of the other: they are not among the planned ones.
   *
   * @param columns of the target
   * @param object one that such pairs are of, as people read it; null where there is none
   */
  public record Crossing(long pairs, List<String> columns, String object) {
    /** What is warned of; empty where there is none. */
    public Optional<String> sentence() {
      return Optional.of(this)
          .filter(some -> pairs > 0)
          .map(
              some ->
                  "%s left out, the first of object %s: object and user differ in %s, which both have, and a row has one value there; correct what grants across it"
                      .formatted(
                          pairs == 1 ? "1 pair is" : Amount.of(pairs, "pair") + " are",
                          object,
                          String.join(", ", columns)));
    }
  }

  /** In how many states rows are: those of the sources, and those of the target. */
  public record StateCounts(
      long planned,
      long foreign,
      long absent,
      long different,
      long right,
      long surplus,
      long targetRows) {
    public static final StateCounts NONE = new StateCounts(0, 0, 0, 0, 0, 0, 0);
  }

  /** What a step of rows would do, by the states that the rows are in. */
  public static DiffCounts ofRows(Step.Rows step, StateCounts states, Map<String, Long> changes) {
    boolean inserts = step.mode() != Step.Mode.UPDATE;
    boolean sets = step.mode() != Step.Mode.INSERT_MISSING;
    return new DiffCounts(
        states.planned(),
        new Found(
            sets ? null : (Long) states.right(),
            step.owns().isEmpty() ? null : (Long) states.foreign(),
            sets ? states.right() : null,
            inserts ? null : (Long) states.absent(),
            step.surplus() == Step.Surplus.IGNORE ? null : (Long) states.surplus(),
            states.targetRows()),
        new RowsToWrite(
            inserts ? states.absent() : null,
            sets ? states.different() : null,
            step.deletes() ? states.surplus() : null),
        Unfit.NONE,
        Map.of(),
        changes,
        null);
  }

  /** These counts, and what the rows' states do not tell. */
  public DiffCounts with(Map<String, Long> unmatchedRows, Unfit unfit) {
    return new DiffCounts(
        planned + unfit.rows(), found, writes, unfit, unmatchedRows, changes, crossing);
  }

  public Long foreign() {
    return found.foreign();
  }

  public Long unchanged() {
    return found.unchanged();
  }

  public Long absent() {
    return found.absent();
  }

  public Long surplus() {
    return found.surplus();
  }

  public long targetRows() {
    return found.targetRows();
  }

  public Long toInsert() {
    return writes.toInsert();
  }

  public Long toUpdate() {
    return writes.toUpdate();
  }

  public Long toDelete() {
    return writes.toDelete();
  }

  public long unfit() {
    return unfitting.rows();
  }

  public List<Rejection> rejections() {
    return unfitting.rejections();
  }

  /** Of the planned rows those whose key the target has, whatever they hold. */
  public long present() {
    return found.alreadyPresent() == null
        ? or0(unchanged()) + or0(toUpdate())
        : found.alreadyPresent();
  }

  /** How many rows are to be written. */
  public long toWrite() {
    return or0(toInsert()) + or0(toUpdate()) + or0(toDelete());
  }

  /** How many rows one of the step's writes is given. */
  public long toWrite(Operation operation) {
    return switch (operation) {
      case INSERT_MISSING, INSERT_AND_NAME -> or0(toInsert());
      case COMPARE_AND_SET -> or0(toUpdate());
      case COMPARE_AND_DELETE -> or0(toDelete());
    };
  }

  private static long or0(Long count) {
    return count == null ? 0 : count;
  }
}
