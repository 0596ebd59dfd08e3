package backfill.spark.pairs;

import backfill.membership.LevelSets;
import backfill.membership.ObjectLevels;
import backfill.membership.ObjectUsers;
import backfill.membership.UserIndex;
import backfill.spark.engine.SparkJobs;
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
 * @param revokedKeys revoked pairs, at most {@link Verified#REVOKED_KEYS}
 */
record PairDifferences(
    long missing,
    long added,
    long revoked,
    long foreign,
    List<String> examples,
    List<List<String>> revokedKeys)
    implements Serializable {

  /** Judges one object after the other. */
  static ObjectSets.Judge<PairDifferences> judging(Broadcast<UserIndex> index, StepKeys keys) {
    return ObjectSets.by((object, users, before) -> of(object, users, before, index.value(), keys));
  }

  /** A pair that should be gone and is there is missing as one that should be there and is not. */
  private static PairDifferences of(
      long object, ObjectUsers users, ObjectSets.Before before, UserIndex index, StepKeys keys) {
    RoaringBitmap justified = users.justified();
    keys.takeCrossing(object, justified);
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
        examples(object, missing, index, keys),
        revokedKeys(object, revoked, index, keys));
  }

  static List<List<String>> revokedKeys(
      long object, RoaringBitmap revoked, UserIndex index, StepKeys keys) {
    List<List<String>> pairs = new ArrayList<>();
    PeekableIntIterator each = revoked.getIntIterator();
    while (each.hasNext() && pairs.size() < Verified.REVOKED_KEYS) {
      pairs.add(keys.texts(object, index.key(each.next())));
    }
    return pairs;
  }

  static List<String> examples(long object, RoaringBitmap missing, UserIndex index, StepKeys keys) {
    List<String> examples = new ArrayList<>();
    PeekableIntIterator each = missing.getIntIterator();
    while (each.hasNext() && examples.size() < Verified.EXAMPLES) {
      examples.add("(" + String.join(", ", keys.texts(object, index.key(each.next()))) + ")");
    }
    return examples;
  }

  /** None so far; {@link #and} adds to its lists. */
  private static PairDifferences none() {
    return new PairDifferences(0, 0, 0, 0, new ArrayList<>(), new ArrayList<>());
  }

  /** Both; the lists of this one are used up. Each task has its own. */
  private PairDifferences and(PairDifferences other) {
    other.examples.stream().limit(Verified.EXAMPLES - examples.size()).forEach(examples::add);
    other.revokedKeys.stream()
        .limit(Verified.REVOKED_KEYS - revokedKeys.size())
        .forEach(revokedKeys::add);
    return new PairDifferences(
        missing + other.missing,
        added + other.added,
        revoked + other.revoked,
        foreign + other.foreign,
        examples,
        revokedKeys);
  }

  /** Adds up the verdicts. */
  static Verified between(JavaRDD<PairDifferences> verdicts) {
    PairDifferences sum =
        SparkJobs.sum(verdicts, none(), PairDifferences::and, PairDifferences::and);
    return new Verified(
        sum.missing, sum.added, sum.revoked, sum.foreign, sum.examples, sum.revokedKeys);
  }

  /**
   * How pairs with levels, as a fresh snapshot shows them, differ from what was planned and
   * written: one that is there at another level is no more right than one that is absent.
   */
  static final class ByLevel {
    private ByLevel() {}

    /** Judges one object after the other. */
    static ObjectSets.Judge<PairDifferences> judging(Broadcast<UserIndex> index, StepKeys keys) {
      return LevelDiff.LevelGathering.by(
          keys.levels().count(),
          (object, users, before) -> of(object, users, before, index.value(), keys));
    }

    private static PairDifferences of(
        long object,
        ObjectLevels users,
        LevelDiff.LevelGathering.Before before,
        UserIndex index,
        StepKeys keys) {
      LevelSets wanted = users.justified().sets();
      keys.takeCrossing(object, wanted);
      RoaringBitmap justified = wanted.all();
      RoaringBitmap existing = RoaringBitmap.or(users.existing().values().iterator());
      RoaringBitmap asPlanned = same(wanted, before.planned());
      RoaringBitmap absent = RoaringBitmap.andNot(justified, existing);
      long foreign = users.takeForeign(absent);
      RoaringBitmap wrong = RoaringBitmap.and(justified, existing);
      wrong.andNot(right(wanted, users));
      wrong.or(absent);
      // A rejected row that should still be what it was to be has its place in the report already.
      wrong.andNot(RoaringBitmap.and(asPlanned, before.rejected()));
      RoaringBitmap missing = RoaringBitmap.and(wrong, asPlanned);
      missing.andNot(before.left());
      long added = wrong.getLongCardinality() - missing.getLongCardinality();
      RoaringBitmap stillThere = RoaringBitmap.andNot(before.deleted(), before.stayed());
      stillThere.and(existing);
      stillThere.andNot(justified);
      missing.or(stillThere);
      RoaringBitmap revoked = RoaringBitmap.and(before.written(), right(before.planned(), users));
      revoked.andNot(before.left());
      revoked.andNot(before.rejected());
      revoked.andNot(asPlanned);
      return new PairDifferences(
          missing.getLongCardinality(),
          added,
          revoked.getLongCardinality(),
          foreign,
          examples(object, missing, index, keys),
          revokedKeys(object, RoaringBitmap.andNot(revoked, justified), index, keys));
    }

    /** Users whom both have at one level. */
    private static RoaringBitmap same(LevelSets one, LevelSets other) {
      RoaringBitmap all = new RoaringBitmap();
      for (int level = 0; level < one.levels(); level++) {
        if (one.at(level) != null && other.at(level) != null) {
          all.or(RoaringBitmap.and(one.at(level), other.at(level)));
        }
      }
      return all;
    }

    /** Users whose row holds the level at which these have them. */
    private static RoaringBitmap right(LevelSets wanted, ObjectLevels users) {
      RoaringBitmap all = new RoaringBitmap();
      users
          .existing()
          .forEach(
              (held, some) -> {
                if (held < wanted.levels() && wanted.at(held) != null) {
                  all.or(RoaringBitmap.and(some, wanted.at(held)));
                }
              });
      return all;
    }
  }
}
