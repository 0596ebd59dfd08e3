package backfill.spark.pairs;

import backfill.membership.UserIndex;
import backfill.postgres.ledger.StepCounts;
import backfill.postgres.ledger.WriteCounts;
import backfill.spark.engine.Derived;
import backfill.spark.step.Verified;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.roaringbitmap.RoaringBitmap;
import scala.Tuple2;

/**
 * What a step of pairs planned and wrote, beside what another snapshot shows.
 *
 * @param grants of the snapshot that was planned by
 * @param diff what was planned
 */
record PairsVerify(GrantSets grants, PairsDiff diff, StepCounts written) {

  /**
   * Beside what that snapshot grants and what the target has in it, all in its numbers.
   *
   * @param granted what that snapshot grants
   * @param writers how many ranges of objects, at most
   */
  Verified between(GrantSets now, FlattenedGrants granted, int writers) {
    Renumbering by = Renumbering.between(grants, now, spark());
    JavaPairRDD<Long, PartialSet> parts =
        granted
            .sets()
            .union(now.present().all())
            .union(named(now))
            .union(
                Derived.pairs(
                    Derived.several(
                        diff.objects(),
                        object -> parts(object, by.object(object.object()), by).iterator())));
    return PairDifferences.between(
        ObjectSets.merge(parts, granted.groups(), ranges(now, granted, writers), judge(now)));
  }

  /**
   * Beside what the target has in it alone: the sources grant what was planned. These sets stay in
   * the partitions that they are in.
   *
   * @param present from {@link GrantSets#presentIn}
   */
  Verified beside(JavaPairRDD<Long, PartialSet> present) {
    return PairDifferences.between(
        ObjectSets.merge(
            Derived.several(diff.objects(), PairsVerify::unchanged),
            present.union(named(grants)),
            diff.ranges(),
            judge(grants)));
  }

  /** The same objects as before, but for a few, unless they have got other numbers. */
  private Partitioner ranges(GrantSets now, FlattenedGrants granted, int writers) {
    return now.keys().objects().coded()
        ? ObjectSets.ranges(granted.sampledObjects(now.present().objects()), writers)
        : diff.ranges();
  }

  private static ObjectSets.Judge<PairDifferences> judge(GrantSets by) {
    return by.keys().levels().isNone()
        ? PairDifferences.judging(by.users(), by.keys())
        : PairDifferences.ByLevel.judging(by.users(), by.keys());
  }

  /** What was planned of an object, which the sources grant still. */
  private static Iterator<Tuple2<Long, PartialSet>> unchanged(ObjectDiff object) {
    return Stream.concat(
            planned(object, object.object(), PartialSet.Kind.DIRECT, null),
            parts(object, object.object(), null))
        .iterator();
  }

  private static Stream<Tuple2<Long, PartialSet>> planned(
      ObjectDiff object, long number, PartialSet.Kind kind, Renumbering by) {
    if (object.levels() == null) {
      return Stream.of(part(number, kind, users(by, object.justified())));
    }
    return object.plannedByLevel().stream()
        .map(
            set ->
                new Tuple2<>(
                    number,
                    new PartialSet(
                        kind,
                        users(by, set.members()),
                        0,
                        by == null ? (short) set.level() : by.level(set.level()))));
  }

  private static byte[] users(Renumbering by, byte[] members) {
    return by == null ? members : by.users(members);
  }

  /**
   * What was planned of an object and became of it, under this number.
   *
   * @param by gives users and levels other numbers; null where they have the same
   */
  private static Stream<Tuple2<Long, PartialSet>> parts(
      ObjectDiff object, long number, Renumbering by) {
    Stream<Tuple2<Long, PartialSet>> writes =
        Stream.of(
            part(number, PartialSet.Kind.WRITTEN, users(by, object.toInsert())),
            part(number, PartialSet.Kind.WRITTEN, users(by, object.toSet())),
            part(number, PartialSet.Kind.DELETED, users(by, object.toDelete())));
    return Stream.concat(planned(object, number, PartialSet.Kind.PLANNED, by), writes);
  }

  private static Tuple2<Long, PartialSet> part(long object, PartialSet.Kind kind, byte[] members) {
    return new Tuple2<>(object, new PartialSet(kind, members, 0));
  }

  /** Rows that writers named: those that were to go and stayed, and those that were rejected. */
  private JavaPairRDD<Long, PartialSet> named(GrantSets by) {
    WriteCounts deletes = written.deletes();
    List<List<String>> stayed =
        Stream.concat(deletes.leftKeys().stream(), deletes.rejectedKeys().stream()).toList();
    WriteCounts added = written.inserts().plus(written.updates());
    JavaPairRDD<Long, PartialSet> named =
        named(by, PartialSet.Kind.STAYED, stayed)
            .union(named(by, PartialSet.Kind.REJECTED, added.rejectedKeys()));
    // Of pairs without levels one that is there is right.
    return by.keys().levels().isNone()
        ? named
        : named.union(named(by, PartialSet.Kind.LEFT, added.leftKeys()));
  }

  private JavaPairRDD<Long, PartialSet> named(
      GrantSets by, PartialSet.Kind kind, List<List<String>> keys) {
    UserIndex index = by.users().value();
    Map<Long, RoaringBitmap> users = new HashMap<>();
    for (List<String> key : keys) {
      users
          .computeIfAbsent(
              by.keys().objects().number(by.keys().row().object(key)),
              object -> new RoaringBitmap())
          .add((int) index.of(by.keys().users().number(by.keys().row().user(key))));
    }
    List<Tuple2<Long, PartialSet>> parts = new ArrayList<>();
    users.forEach(
        (object, members) -> parts.add(new Tuple2<>(object, PartialSet.of(kind, members))));
    return spark().parallelizePairs(parts, 1);
  }

  private JavaSparkContext spark() {
    return JavaSparkContext.fromSparkContext(grants.session().sparkContext());
  }
}
