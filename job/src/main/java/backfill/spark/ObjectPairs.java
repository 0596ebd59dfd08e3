package backfill.spark;

import backfill.membership.ObjectUsers;
import backfill.membership.Sets;
import java.io.Serializable;
import org.roaringbitmap.RoaringBitmap;

/**
 * One object after the diff.
 *
 * @param justified the users whom the sources give it, as a set's bytes
 * @param toInsert of these, the users whom the target lacks
 * @param toDelete users whom the target has and the sources do not give it, for a step that deletes
 *     such rows
 * @param missing how many are to be inserted
 * @param missingDirect of the missing ones, those whom a source names
 * @param surplus the target's rows of it that no source justifies
 */
record ObjectPairs(
    long object,
    byte[] justified,
    byte[] toInsert,
    byte[] toDelete,
    long planned,
    long missing,
    long missingDirect,
    long surplus)
    implements Serializable {

  /** What is kept of an object, of a step that deletes or of one that does not. */
  static ObjectSets.Verdict<ObjectPairs> deleting(boolean deletes) {
    return (object, users, before) -> of(object, users, deletes);
  }

  private static ObjectPairs of(long object, ObjectUsers users, boolean deletes) {
    RoaringBitmap justified = users.justified();
    RoaringBitmap missing = RoaringBitmap.andNot(justified, users.existing());
    byte[] all = Sets.bytes(justified);
    // Of a target that has none of them the two sets are one, and so are their bytes.
    boolean allMissing = missing.getLongCardinality() == justified.getLongCardinality();
    return new ObjectPairs(
        object,
        all,
        allMissing ? all : Sets.bytes(missing),
        Sets.bytes(
            deletes ? RoaringBitmap.andNot(users.existing(), justified) : new RoaringBitmap()),
        justified.getLongCardinality(),
        missing.getLongCardinality(),
        users.directOf(missing),
        users.surplus(justified));
  }

  /** Sums over objects. */
  record Totals(long planned, long missing, long missingDirect, long surplus)
      implements Serializable {
    static final Totals NONE = new Totals(0, 0, 0, 0);

    Totals and(ObjectPairs one) {
      return new Totals(
          planned + one.planned,
          missing + one.missing,
          missingDirect + one.missingDirect,
          surplus + one.surplus);
    }

    Totals and(Totals other) {
      return new Totals(
          planned + other.planned,
          missing + other.missing,
          missingDirect + other.missingDirect,
          surplus + other.surplus);
    }
  }
}
