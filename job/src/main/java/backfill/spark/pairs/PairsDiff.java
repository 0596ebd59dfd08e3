package backfill.spark.pairs;

import backfill.membership.BitmapBytes;
import backfill.membership.UserIndex;
import backfill.plan.Step;
import backfill.spark.engine.Derived;
import backfill.spark.engine.KeptInSpark;
import backfill.spark.engine.Packed;
import backfill.spark.engine.SparkJobs;
import backfill.spark.step.DiffCounts;
import java.util.Arrays;
import java.util.Map;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.roaringbitmap.RoaringBitmap;

/**
 * The diff of a step of pairs: what becomes of each object that it is about, in disjoint ascending
 * ranges, and the sums of that.
 */
record PairsDiff(JavaRDD<ObjectDiff> objects, Partitioner ranges, ObjectDiff.Totals totals) {

  /**
   * Takes what the target has away from what the sources grant.
   *
   * @param kept keeps the objects
   */
  static PairsDiff of(
      Step.Pairs step, GrantSets grants, FlattenedGrants granted, KeptInSpark kept) {
    TargetSets present = grants.present();
    JavaPairRDD<Long, PartialSet> parts = granted.sets().union(present.all());
    Partitioner ranges =
        ObjectSets.ranges(granted.sampledObjects(present.objects()), step.write().writers());
    JavaRDD<ObjectDiff> objects =
        Packed.keep(
                Derived.where(
                    ObjectSets.merge(
                        parts,
                        granted.groups(),
                        ranges,
                        ObjectDiff.deleting(step.deletes(), grants.keys())),
                    object -> !object.isEmpty()),
                ObjectDiff.CODEC,
                kept)
            .elements();
    return new PairsDiff(
        objects,
        ranges,
        SparkJobs.sum(
            objects, ObjectDiff.Totals.NONE, ObjectDiff.Totals::and, ObjectDiff.Totals::and));
  }

  DiffCounts counts(Step.Pairs step, StepKeys keys) {
    long present = totals.planned() - totals.missing() - totals.foreign();
    boolean sets = step.into().level().isPresent();
    return new DiffCounts(
        totals.planned(),
        new DiffCounts.Found(
            sets ? null : (Long) present,
            step.owns().isEmpty() ? null : totals.foreign(),
            sets ? (Long) (present - totals.different()) : null,
            null,
            step.surplus() == Step.Surplus.IGNORE ? null : totals.surplus(),
            present + totals.surplus()),
        new DiffCounts.RowsToWrite(
            totals.missing(),
            sets ? (Long) totals.different() : null,
            step.deletes() ? totals.surplus() : null),
        DiffCounts.Unfit.NONE,
        Map.of(),
        step.into().level().map(level -> Map.of(level, totals.different())).orElse(Map.of()),
        step.into().shared().isEmpty() ? null : crossing(step, keys));
  }

  private DiffCounts.Crossing crossing(Step.Pairs step, StepKeys keys) {
    return new DiffCounts.Crossing(
        totals.crossing(),
        step.into().shared(),
        totals.crossing() == 0
            ? null
            : keys.objects()
                .text(objects.filter(object -> object.crossing() > 0).first().object()));
  }

  /** The keys of all users who are in a set that was planned. */
  long[] users(UserIndex index) {
    byte[] none = BitmapBytes.bytes(new RoaringBitmap());
    byte[] all =
        Derived.each(objects, object -> united(object.justified(), object.toDelete()))
            .treeAggregate(none, PairsDiff::united, PairsDiff::united);
    return Arrays.stream(BitmapBytes.set(all).toArray()).mapToLong(index::key).toArray();
  }

  private static byte[] united(byte[] one, byte[] other) {
    return BitmapBytes.bytes(RoaringBitmap.or(BitmapBytes.set(one), BitmapBytes.set(other)));
  }
}
