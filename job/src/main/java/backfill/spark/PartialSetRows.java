package backfill.spark;

import backfill.membership.PartialSets;
import backfill.membership.Sets;
import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.Iterator;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.roaringbitmap.RoaringBitmap;

/**
 * Turns rows (key, member) into rows (key, kind, set of members' numbers) within each partition, so
 * that sets are shuffled and not pairs.
 */
final class PartialSetRows {
  /** What a set of users says about its object. */
  enum Kind {
    /** Users whom a source names. */
    DIRECT,
    /** Groups that a source names, by their number in the map. */
    GROUPS,
    /** Users of such groups, where the map was joined. */
    GROUP_USERS,
    /** Users whom the target has. */
    EXISTING,
    /** No set: the target's rows whose user no source names, counted in {@code rows}. */
    UNKNOWN_EXISTING,
    /** Users whom the run planned, for verify. */
    PLANNED,
    /** Users whom the run wrote, for verify. */
    WRITTEN;

    byte code() {
      return (byte) ordinal();
    }

    static Kind of(byte code) {
      return values()[code];
    }
  }

  static final StructType SCHEMA =
      new StructType()
          .add("object", DataTypes.LongType, false)
          .add("kind", DataTypes.ByteType, false)
          .add("members", DataTypes.BinaryType, true)
          .add("rows", DataTypes.LongType, false);

  private static final int KEYS_HELD = 65_536;

  private PartialSetRows() {}

  /** Numbers a member, on an executor; negative for one that has none. */
  @FunctionalInterface
  interface Numbering extends Serializable {
    long number(long member);
  }

  /**
   * @param rows (key bigint, member bigint), neither NULL
   * @param unnumbered counts a key's members without a number under {@link Kind#UNKNOWN_EXISTING},
   *     or drops them
   */
  static Dataset<Row> of(Dataset<Row> rows, Kind kind, Numbering numbering, Unnumbered unnumbered) {
    MapPartitionsFunction<Row, Row> sets =
        input -> new SetIterator(input, kind, numbering, unnumbered);
    return rows.mapPartitions(sets, Encoders.row(SCHEMA));
  }

  /** What becomes of a member that has no number. */
  enum Unnumbered {
    COUNT,
    DROP
  }

  static Row row(long object, Kind kind, byte[] members, long rows) {
    return RowFactory.create(object, kind.code(), members, rows);
  }

  /** Pulls rows until there are sets to give. */
  private static final class SetIterator implements Iterator<Row> {
    private final Iterator<Row> input;
    private final Numbering numbering;
    private final Unnumbered unnumbered;
    private final ArrayDeque<Row> ready = new ArrayDeque<>();
    private final PartialSets sets;
    private long unknown;
    private boolean ended;

    SetIterator(Iterator<Row> input, Kind kind, Numbering numbering, Unnumbered unnumbered) {
      this.input = input;
      this.numbering = numbering;
      this.unnumbered = unnumbered;
      this.sets = new PartialSets(KEYS_HELD, (key, set) -> ready.add(rowOf(key, kind, set)));
    }

    private static Row rowOf(long key, Kind kind, RoaringBitmap set) {
      return row(key, kind, Sets.bytes(set), set.getCardinality());
    }

    @Override
    public boolean hasNext() {
      while (ready.isEmpty() && input.hasNext()) {
        Row row = input.next();
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
          // Surplus whatever the object: the count needs no object of its own, any partition will
          // do.
          ready.add(row(Long.MIN_VALUE, Kind.UNKNOWN_EXISTING, null, unknown));
        }
      }
      return !ready.isEmpty();
    }

    @Override
    public Row next() {
      return ready.remove();
    }
  }
}
