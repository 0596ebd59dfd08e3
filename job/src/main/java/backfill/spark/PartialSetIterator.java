package backfill.spark;

import backfill.membership.PartialSets;
import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.Iterator;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.Tuple2;

/**
 * Turns rows (key, member) into sets of members' numbers within each partition, so that sets are
 * shuffled and not pairs. Pulls rows until there is a set to give.
 */
final class PartialSetIterator implements Iterator<Tuple2<Long, PartialSet>> {
  private static final int KEYS_HELD = 65_536;

  private final Iterator<InternalRow> rows;
  private final Numbering numbering;
  private final Unnumbered unnumbered;
  private final ArrayDeque<Tuple2<Long, PartialSet>> ready = new ArrayDeque<>();
  private final PartialSets sets;
  private long unknown;
  private boolean ended;

  /** Numbers a member, on an executor; negative for one that has none. */
  @FunctionalInterface
  interface Numbering extends Serializable {
    long number(long member);
  }

  /** What becomes of a member that has no number. */
  enum Unnumbered {
    COUNT,
    DROP
  }

  private PartialSetIterator(
      Iterator<InternalRow> rows,
      PartialSet.Kind kind,
      Numbering numbering,
      Unnumbered unnumbered) {
    this.rows = rows;
    this.numbering = numbering;
    this.unnumbered = unnumbered;
    this.sets =
        new PartialSets(
            KEYS_HELD, (key, set) -> ready.add(new Tuple2<>(key, PartialSet.of(kind, set))));
  }

  /**
   * @param rows (key bigint, member bigint), neither NULL
   * @param unnumbered counts members without a number under {@link
   *     PartialSet.Kind#UNKNOWN_EXISTING}, or drops them
   */
  static JavaPairRDD<Long, PartialSet> of(
      Dataset<Row> rows, PartialSet.Kind kind, Numbering numbering, Unnumbered unnumbered) {
    // Spark's own rows: nothing is unpacked but the two numbers.
    return rows.queryExecution()
        .toRdd()
        .toJavaRDD()
        .mapPartitionsToPair(
            partition -> new PartialSetIterator(partition, kind, numbering, unnumbered));
  }

  @Override
  public boolean hasNext() {
    while (ready.isEmpty() && rows.hasNext()) {
      InternalRow row = rows.next();
      long number = numbering.number(row.getLong(1));
      if (number >= 0) {
        sets.add(row.getLong(0), (int) number);
      } else {
        unknown++;
      }
    }
    if (ready.isEmpty() && !ended) {
      ended = true;
      sets.flush();
      if (unknown > 0 && unnumbered == Unnumbered.COUNT) {
        // Surplus whatever the object: the count needs no object of its own, any key will do.
        ready.add(
            new Tuple2<>(
                Long.MIN_VALUE, new PartialSet(PartialSet.Kind.UNKNOWN_EXISTING, null, unknown)));
      }
    }
    return !ready.isEmpty();
  }

  @Override
  public Tuple2<Long, PartialSet> next() {
    return ready.remove();
  }
}
