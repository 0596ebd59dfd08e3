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
 * @param missing how many they are
 * @param missingDirect of the missing ones, those whom a source names
 * @param surplus the target's rows of it that no source justifies
 */
record ObjectPairs(
    long object,
    byte[] justified,
    byte[] toInsert,
    long planned,
    long missing,
    long missingDirect,
    long surplus)
    implements Serializable {

  static ObjectPairs of(
      long object, ObjectUsers users, RoaringBitmap planned, RoaringBitmap written) {
    RoaringBitmap justified = users.justified();
    RoaringBitmap missing = RoaringBitmap.andNot(justified, users.existing());
    return new ObjectPairs(
        object,
        Sets.bytes(justified),
        Sets.bytes(missing),
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
