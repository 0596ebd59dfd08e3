package backfill.spark.pairs;

import backfill.membership.BitmapBytes;
import backfill.spark.engine.Codec;
import backfill.spark.engine.Derived;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.io.Serializable;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.util.KnownSizeEstimation;
import org.roaringbitmap.RoaringBitmap;
import scala.Tuple2;

/**
 * A part of what is known of one object: a kind, and a set of numbers as bytes.
 *
 * @param members the set, or null for {@link Kind#UNKNOWN_EXISTING}
 * @param rows how many rows it was made of; of a set that is to give a reason, its {@link #giver}
 * @param level of all members; 0 where there is none
 */
record PartialSet(Kind kind, byte[] members, long rows, short level)
    implements Serializable, KnownSizeEstimation {
  /** The object with its fields, and the header of the array. */
  private static final long BYTES_BESIDE_MEMBERS = 48;

  /** Without a level. */
  PartialSet(Kind kind, byte[] members, long rows) {
    this(kind, members, rows, (short) 0);
  }

  /** What a set says about its object. */
  enum Kind {
    /** Users whom a source names. */
    DIRECT,
    /** Groups that a source names, by their number in the map. */
    GROUPS,
    /** Users of such groups, where the map was joined. */
    GROUP_USERS,
    /** Users whom the target has. */
    EXISTING,
    /** Users whom the target has in a row that is not the step's. */
    FOREIGN,
    /** No set: rows of the target whose user no source names, counted. */
    UNKNOWN_EXISTING,
    /** Users whom the run planned, for verify. */
    PLANNED,
    /** Users whom the run was to write, for verify. */
    WRITTEN,
    /** Of these, users whose row the server refused, for verify. */
    REJECTED,
    /** Users whose row the run was to delete, for verify. */
    DELETED,
    /** Of these, users whose row stayed: someone changed it, or the server refused. */
    STAYED,
    /** Users whom a source names for the object itself, and not for one that holds it. */
    OWN_DIRECT,
    /** Groups that a source names for the object itself, by a number. */
    OWN_GROUPS,
    /** Users whom such groups have themselves. */
    OWN_GROUP_USERS,
    /** Groups that a source names for the object, or for what holds it, by their number. */
    NAMED_GROUPS,
    /** The objects that hold this one, by their number among all that hold one. */
    HOLDERS,
    /** Of those whom the run was to write, users whose row another changed first, for verify. */
    LEFT
  }

  /** Kind, rows and members. */
  static final Codec<PartialSet> CODEC =
      new Codec<>() {
        private static final long serialVersionUID = 1L;

        @Override
        public void write(PartialSet set, DataOutput out) throws IOException {
          out.writeByte(set.kind.ordinal());
          out.writeLong(set.rows);
          out.writeShort(set.level);
          Codec.write(set.members, out);
        }

        @Override
        public PartialSet read(DataInput in) throws IOException {
          Kind kind = KINDS[in.readByte()];
          long rows = in.readLong();
          short level = in.readShort();
          return new PartialSet(kind, Codec.bytes(in), rows, level);
        }
      };

  private static final Kind[] KINDS = Kind.values();

  static PartialSet of(Kind kind, RoaringBitmap members) {
    return of(kind, members, (short) 0);
  }

  static PartialSet of(Kind kind, RoaringBitmap members, short level) {
    return new PartialSet(kind, BitmapBytes.bytes(members), members.getLongCardinality(), level);
  }

  /**
   * The same set, as one that gives a reason.
   *
   * @param giver the place of a direct source among the step's, or a group
   */
  PartialSet by(long giver) {
    return new PartialSet(kind, members, giver, level);
  }

  /** The same set at the lower of its level and this one. */
  PartialSet atMost(short other) {
    return other < level ? new PartialSet(kind, members, rows, other) : this;
  }

  /** The same set, as one of another kind. */
  PartialSet as(Kind other) {
    return new PartialSet(other, members, rows);
  }

  /** Something else of each set; keys stay. */
  static JavaPairRDD<Long, PartialSet> each(
      JavaPairRDD<Long, PartialSet> sets, Function<PartialSet, PartialSet> made) {
    return Derived.pairs(Derived.each(sets, set -> new Tuple2<>(set._1(), made.call(set._2()))));
  }

  /** What gives the object to these users. */
  long giver() {
    return rows;
  }

  RoaringBitmap set() {
    return BitmapBytes.set(members);
  }

  /** In memory; without this a sort would follow the fields of every sampled set to measure it. */
  @Override
  public long estimatedSize() {
    return BYTES_BESIDE_MEMBERS + (members == null ? 0 : members.length);
  }
}
