package backfill.postgres.undo;

import java.util.List;
import java.util.stream.Stream;

/**
 * What became of rows that were to be taken back.
 *
 * @param rows those that the ledger names
 * @param takenBack those that were deleted, set back or put back; of a dry run, those that would be
 * @param already those that are as they were before the run
 * @param left those that are left as they are
 * @param leftRows the first of these
 */
public record UndoCounts(
    long rows, long takenBack, long already, long left, List<LeftRow> leftRows) {
  /** Rows that are left, and named. */
  public static final int LISTED = 100;

  public static final UndoCounts NONE = new UndoCounts(0, 0, 0, 0, List.of());

  /** Of some rows that are left, and of no others. */
  static UndoCounts of(long takenBack, long already, List<LeftRow> left) {
    return new UndoCounts(
        takenBack + already + left.size(),
        takenBack,
        already,
        left.size(),
        left.stream().limit(LISTED).toList());
  }

  /** Both together. */
  public UndoCounts plus(UndoCounts other) {
    return new UndoCounts(
        rows + other.rows,
        takenBack + other.takenBack,
        already + other.already,
        left + other.left,
        Stream.concat(leftRows.stream(), other.leftRows.stream()).limit(LISTED).toList());
  }
}
