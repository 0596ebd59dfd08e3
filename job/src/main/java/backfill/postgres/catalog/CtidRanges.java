package backfill.postgres.catalog;

import java.util.ArrayList;
import java.util.List;

/**
 * Splits a table into ranges of {@code ctid}, the physical place of a row: balanced whatever the
 * keys are, and together read once from end to end.
 *
 * @see <a href="https://www.postgresql.org/docs/current/ddl-system-columns.html">System columns</a>
 */
public final class CtidRanges {
  /** A range below this is not worth a connection: 2 MiB. */
  private static final long LEAST_BLOCKS = 256;

  private CtidRanges() {}

  /**
   * Conditions that together hold for every row exactly once; a single one where {@code ctid} is
   * not ours to ask for. The last range is open, because the table may have grown since its size
   * was read; for a partitioned table they hold in each of its leaves.
   */
  public static List<String> of(Table table, int readers) {
    if (!table.ctidReadable()) {
      return List.of("TRUE");
    }
    long blocks = table.blocks();
    int count = count(blocks, readers);
    List<String> ranges = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String from = "ctid >= '(" + blocks * i / count + ",0)'";
      String to = " AND ctid < '(" + blocks * (i + 1) / count + ",0)'";
      ranges.add(i == count - 1 ? from : from + to);
    }
    return ranges;
  }

  /** Into how many ranges so many blocks are worth splitting. */
  static int count(long blocks, int readers) {
    return (int) Math.max(1, Math.min(readers, blocks / LEAST_BLOCKS));
  }
}
