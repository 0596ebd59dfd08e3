package backfill.spark.rows;

import static backfill.spark.query.Cells.anyOf;
import static backfill.spark.rows.StatedRows.is;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

import backfill.spark.engine.Derived;
import backfill.spark.engine.SettingsInTasks;
import backfill.spark.rows.StatedRows.State;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Decides by one pass over the target, in which no row is moved, whether it holds just what it held
 * when it was read, changed as the step planned: then every planned row is there, and no other one
 * came, went or changed. Where that is not so, or cannot be told, the rows have to be put beside
 * each other one by one.
 *
 * <p>Rows are added up as their number and, twice, as the exclusive or of a 64-bit hash of the key
 * and the values of each. A key is there once, so that no two rows take each other away, unless a
 * NULL is in it: no such row is planned then. Other rows come to the same with a chance of 1 in
 * 2<sup>128</sup>, and as in {@link ValueDigest} no chosen value changes that.
 */
final class TargetSum {
  private final RowsMatch match;
  private final ValueDigest digest = new ValueDigest();

  TargetSum(RowsMatch match) {
    this.match = match;
  }

  /** What rows come to. A hash is taken away as it is added. */
  private record Sum(long rows, long one, long other) implements Serializable {
    Sum plus(Sum more) {
      return new Sum(rows + more.rows, one ^ more.one, other ^ more.other);
    }
  }

  /**
   * Whether the target holds what was planned; false where that is not told.
   *
   * @param before the target's rows that were matched, kept
   * @param now what another snapshot shows
   */
  boolean isReached(RowsRead before, RowsRead now) {
    Optional<List<Column>> planned = match.comparison().whole("");
    Optional<List<Column>> found = match.comparison().whole(StatedRows.EXPECTED);
    if (planned.isEmpty() || found.isEmpty() || match.rowsThatAre(State.HELD) > 0) {
      return false;
    }
    long more = rows(match.written());
    long fewer = rows(match.overwritten());
    JavaRDD<Sum> sums = sums(now.current(), digest.of(found.get()), 1);
    // Of rows of which it is known that there are none, Spark is not asked.
    if (before.currentRows() > 0) {
      sums = sums.union(sums(before.current(), digest.of(found.get()), 0));
    }
    if (more + fewer > 0) {
      sums = sums.union(sums(match.stated(), changes(planned.get(), found.get()), 0));
    }
    // Hashes that were there, are planned and are there now take each other away.
    return collected(sums, now.current().sparkSession())
        .equals(new Sum(before.currentRows() + more - fewer, 0, 0));
  }

  /** What the planned writes come to: each half of a row that comes, or goes, or does both. */
  private List<Column> changes(List<Column> planned, List<Column> found) {
    List<Column> come = digest.of(planned);
    List<Column> gone = digest.of(found);
    return IntStream.range(0, come.size())
        .mapToObj(
            half ->
                of(match.written(), come.get(half))
                    .bitwiseXOR(of(match.overwritten(), gone.get(half))))
        .toList();
  }

  private long rows(List<State> states) {
    return match.rowsThatAre(states.toArray(State[]::new));
  }

  private static Column of(List<State> states, Column half) {
    return when(anyOf(states, state -> is(state)), half).otherwise(lit(0L));
  }

  /** What each partition of the rows comes to, a row as so many. */
  private static JavaRDD<Sum> sums(Dataset<Row> rows, List<Column> halves, int counted) {
    return Derived.ofPartitions(
        SettingsInTasks.elements(rows.select(halves.toArray(Column[]::new))),
        hashes -> List.of(sum(hashes, counted)).iterator());
  }

  private static Sum sum(Iterator<InternalRow> hashes, int counted) {
    long rows = 0;
    long one = 0;
    long other = 0;
    while (hashes.hasNext()) {
      InternalRow row = hashes.next();
      rows += counted;
      one ^= row.getLong(0);
      other ^= row.getLong(1);
    }
    return new Sum(rows, one, other);
  }

  private static Sum collected(JavaRDD<Sum> sums, SparkSession session) {
    return SettingsInTasks.of(session, sums::collect).stream().reduce(new Sum(0, 0, 0), Sum::plus);
  }
}
