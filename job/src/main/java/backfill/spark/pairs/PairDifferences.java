package backfill.spark.pairs;

import backfill.membership.ObjectUsers;
import backfill.membership.UserIndex;
import backfill.spark.step.Verified;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;

/**
 * How pairs, as a fresh snapshot shows them, differ from what was planned and written; of one
 * object, or added up.
 *
 * @param examples missing pairs in words, at most {@link Verified#EXAMPLES}
 */
record PairDifferences(long missing, long added, long revoked, long foreign, List<String> examples)
    implements Serializable {
  private static final PairDifferences NONE = new PairDifferences(0, 0, 0, 0, List.of());

  /** Judges one object after the other. */
  static ObjectSets.Verdict<PairDifferences> judging(Broadcast<UserIndex> index, StepKeys keys) {
    return (object, users, before) -> of(object, users, before, index.value(), keys);
  }

  /** A pair that should be gone and is there is missing as one that should be there and is not. */
  private static PairDifferences of(
      long object, ObjectUsers users, ObjectSets.Before before, UserIndex index, StepKeys keys) {
    RoaringBitmap justified = users.justified();
    RoaringBitmap absent = RoaringBitmap.andNot(justified, users.existing());
    long foreign = users.takeForeign(absent);
    RoaringBitmap missing = RoaringBitmap.and(absent, before.planned());
    long added = absent.getLongCardinality() - missing.getLongCardinality();
    RoaringBitmap stillThere = RoaringBitmap.and(before.deleted(), users.existing());
    stillThere.andNot(justified);
    missing.or(stillThere);
    RoaringBitmap revoked = RoaringBitmap.and(before.written(), users.existing());
    revoked.andNot(justified);
    return new PairDifferences(
        missing.getLongCardinality(),
        added,
        revoked.getLongCardinality(),
        foreign,
        examples(object, missing, index, keys));
  }

  private static List<String> examples(
      long object, RoaringBitmap missing, UserIndex index, StepKeys keys) {
    List<String> examples = new ArrayList<>();
    PeekableIntIterator each = missing.getIntIterator();
    while (each.hasNext() && examples.size() < Verified.EXAMPLES) {
      examples.add(
          "(" + keys.objects().key(object) + ", " + keys.users().key(index.key(each.next())) + ")");
    }
    return examples;
  }

  private PairDifferences and(PairDifferences other) {
    List<String> both = new ArrayList<>(examples);
    other.examples.stream().limit(Verified.EXAMPLES - both.size()).forEach(both::add);
    return new PairDifferences(
        missing + other.missing,
        added + other.added,
        revoked + other.revoked,
        foreign + other.foreign,
        both);
  }

  /** Adds up the verdicts. */
  static Verified between(JavaRDD<PairDifferences> verdicts) {
    PairDifferences sum = verdicts.aggregate(NONE, PairDifferences::and, PairDifferences::and);
    return new Verified(sum.missing, sum.added, sum.revoked, sum.foreign, sum.examples);
  }
}
