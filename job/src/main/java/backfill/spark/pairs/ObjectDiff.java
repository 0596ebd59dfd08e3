package backfill.spark.pairs;

import backfill.membership.BitmapBytes;
import backfill.membership.LevelMembers;
import backfill.membership.LevelSets;
import backfill.membership.LevelsOfSet;
import backfill.membership.ObjectLevels;
import backfill.membership.ObjectUsers;
import backfill.spark.engine.Codec;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import org.roaringbitmap.RoaringBitmap;

/**
 * One object after the diff.
 *
 * @param justified the users whom the sources give it, as a set's bytes
 * @param toInsert of these, the users whom the target lacks, and whose key no other row holds
 * @param toDelete users whom the target has and the sources do not give it, for a step that deletes
 *     such rows
 * @param missing how many are to be inserted
 * @param missingDirect of the missing ones, those whom a source names
 * @param surplus the target's rows of it that no source justifies
 * @param foreign of the justified users, those whose key a row holds that is not the step's
 * @param crossing users whom the sources give it and who are none of {@code justified}: they differ
 *     from it in a column that objects and users both have
 * @param levels of these; null where pairs have none
 */
record ObjectDiff(
    long object,
    byte[] justified,
    byte[] toInsert,
    byte[] toDelete,
    long planned,
    long missing,
    long missingDirect,
    long surplus,
    long foreign,
    long crossing,
    LevelDiff levels)
    implements Serializable {

  private static final byte[] NONE = BitmapBytes.bytes(new RoaringBitmap());

  /** A set that is one of the others is written once. */
  static final Codec<ObjectDiff> CODEC =
      new Codec<>() {
        private static final long serialVersionUID = 1L;

        @Override
        public void write(ObjectDiff of, DataOutput out) throws IOException {
          out.writeLong(of.object);
          Codec.write(of.justified, out);
          out.writeBoolean(of.toInsert == of.justified);
          if (of.toInsert != of.justified) {
            Codec.write(of.toInsert, out);
          }
          Codec.write(of.toDelete, out);
          out.writeLong(of.planned);
          out.writeLong(of.missing);
          out.writeLong(of.missingDirect);
          out.writeLong(of.surplus);
          out.writeLong(of.foreign);
          out.writeLong(of.crossing);
          LevelDiff.CODEC.write(of.levels, out);
        }

        @Override
        public ObjectDiff read(DataInput in) throws IOException {
          long object = in.readLong();
          byte[] justified = Codec.bytes(in);
          byte[] toInsert = in.readBoolean() ? justified : Codec.bytes(in);
          byte[] toDelete = Codec.bytes(in);
          return new ObjectDiff(
              object,
              justified,
              toInsert,
              toDelete,
              in.readLong(),
              in.readLong(),
              in.readLong(),
              in.readLong(),
              in.readLong(),
              in.readLong(),
              LevelDiff.CODEC.read(in));
        }
      };

  /** What is kept of an object, of a step that deletes or of one that does not. */
  static ObjectSets.Judge<ObjectDiff> deleting(boolean deletes, StepKeys keys) {
    return keys.levels().isNone()
        ? ObjectSets.by((object, users, before) -> of(object, users, deletes, keys))
        : LevelDiff.LevelGathering.by(
            keys.levels().count(), (object, users, before) -> of(object, users, deletes, keys));
  }

  private static ObjectDiff of(long object, ObjectLevels users, boolean deletes, StepKeys keys) {
    LevelSets within = keys.mayCross() ? users.justified().sets() : null;
    long crossing = within == null ? 0 : keys.takeCrossing(object, within);
    LevelMembers planned = within == null ? users.justified() : LevelMembers.of(within);
    RoaringBitmap justified = planned.all();
    RoaringBitmap existing = RoaringBitmap.or(users.existing().values().iterator());
    RoaringBitmap missing = RoaringBitmap.andNot(justified, existing);
    RoaringBitmap surplus = RoaringBitmap.andNot(existing, justified);
    long foreign = users.takeForeign(missing);
    RoaringBitmap toDelete = deletes ? surplus : new RoaringBitmap();
    byte[] all = BitmapBytes.bytes(justified);
    return new ObjectDiff(
        object,
        all,
        bytes(missing, justified, all),
        BitmapBytes.bytes(toDelete),
        justified.getLongCardinality(),
        missing.getLongCardinality(),
        users.directOf(missing),
        users.unknownExisting() + surplus.getLongCardinality(),
        foreign,
        crossing,
        LevelDiff.of(planned, justified, all.length, users, toDelete));
  }

  private static ObjectDiff of(long object, ObjectUsers users, boolean deletes, StepKeys keys) {
    RoaringBitmap justified = users.justified();
    long crossing = keys.takeCrossing(object, justified);
    RoaringBitmap missing = RoaringBitmap.andNot(justified, users.existing());
    long foreign = users.takeForeign(missing);
    byte[] all = BitmapBytes.bytes(justified);
    return new ObjectDiff(
        object,
        all,
        bytes(missing, justified, all),
        BitmapBytes.bytes(
            deletes ? RoaringBitmap.andNot(users.existing(), justified) : new RoaringBitmap()),
        justified.getLongCardinality(),
        missing.getLongCardinality(),
        users.directOf(missing),
        users.surplus(justified),
        foreign,
        crossing,
        null);
  }

  /** Of a target that has none of them the two sets are one, and so are their bytes. */
  private static byte[] bytes(RoaringBitmap missing, RoaringBitmap justified, byte[] all) {
    return missing.getLongCardinality() == justified.getLongCardinality()
        ? all
        : BitmapBytes.bytes(missing);
  }

  /** To ask which level each user is to have; null where pairs have none. */
  LevelsOfSet.Lookup plannedLevels() {
    return levels == null ? null : levels.planned().in(justified);
  }

  /** The users whom the sources give it, by level; of none where pairs have none. */
  List<LevelsOfSet.AtLevel> plannedByLevel() {
    return levels == null ? List.of() : levels.planned().byLevel(justified);
  }

  /** To ask which level the row holds of a user whose row is to be set or to go. */
  LevelsOfSet.Lookup heldLevels() {
    return levels == null ? null : LevelsOfSet.lookup(levels.held());
  }

  /** How many rows are to be set. */
  long different() {
    return levels == null ? 0 : levels.different();
  }

  /** Whether it gets a row, or one of another level. */
  boolean gains() {
    return missing > 0 || different() > 0;
  }

  /** The users whose row is to be set, as a set's bytes. */
  byte[] toSet() {
    return levels == null ? NONE : levels.toSet();
  }

  /** Whether there is nothing to say of the object. */
  boolean isEmpty() {
    return planned == 0 && surplus == 0 && crossing == 0;
  }

  /** Sums over objects. */
  record Totals(
      long planned,
      long missing,
      long missingDirect,
      long surplus,
      long foreign,
      long crossing,
      long different)
      implements Serializable {
    static final Totals NONE = new Totals(0, 0, 0, 0, 0, 0, 0);

    Totals and(ObjectDiff one) {
      return new Totals(
          planned + one.planned,
          missing + one.missing,
          missingDirect + one.missingDirect,
          surplus + one.surplus,
          foreign + one.foreign,
          crossing + one.crossing,
          different + one.different());
    }

    Totals and(Totals other) {
      return new Totals(
          planned + other.planned,
          missing + other.missing,
          missingDirect + other.missingDirect,
          surplus + other.surplus,
          foreign + other.foreign,
          crossing + other.crossing,
          different + other.different);
    }
  }
}
