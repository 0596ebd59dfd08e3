package backfill.spark.pairs;

import backfill.membership.UserIndex;
import backfill.postgres.ledger.StepCounts;
import backfill.postgres.ledger.WriteCounts;
import backfill.spark.step.Verified;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.roaringbitmap.RoaringBitmap;
import scala.Tuple2;

/**
 * What a step of pairs planned and wrote, beside what another snapshot grants and what the target
 * has in it, all in the numbers of that snapshot.
 *
 * @param grants of the snapshot that was planned by
 * @param diff what was planned
 */
record PairsVerify(GrantSets grants, PairsDiff diff, GrantSets now, StepCounts written) {

  /**
   * @param granted from {@link GrantSets#granted} of the other snapshot
   * @param writers how many ranges of objects, at most
   */
  Verified between(JavaPairRDD<Long, PartialSet> granted, int writers) {
    WriteCounts deletes = written.deletes();
    List<List<String>> stayed =
        Stream.concat(deletes.leftKeys().stream(), deletes.rejectedKeys().stream()).toList();
    JavaPairRDD<Long, PartialSet> parts =
        granted
            .union(now.present())
            .union(plannedAndWritten())
            .union(named(PartialSet.Kind.STAYED, stayed))
            .union(named(PartialSet.Kind.REJECTED, written.inserts().rejectedKeys()));
    return PairDifferences.between(
        ObjectSets.merge(
            parts,
            now.groups(),
            ranges(writers),
            PairDifferences.judging(now.users(), now.keys())));
  }

  /** The same objects as before, but for a few, unless they have got other numbers. */
  private Partitioner ranges(int writers) {
    return now.keys().objects().coded()
        ? ObjectSets.ranges(now.sampledObjects(), writers)
        : diff.ranges();
  }

  private JavaPairRDD<Long, PartialSet> plannedAndWritten() {
    Renumbering by = Renumbering.between(grants, now, spark());
    return diff.objects()
        .flatMapToPair(
            object ->
                List.of(
                        part(object, PartialSet.Kind.PLANNED, object.justified(), by),
                        part(object, PartialSet.Kind.WRITTEN, object.toInsert(), by),
                        part(object, PartialSet.Kind.DELETED, object.toDelete(), by))
                    .iterator());
  }

  private static Tuple2<Long, PartialSet> part(
      ObjectDiff object, PartialSet.Kind kind, byte[] members, Renumbering by) {
    return new Tuple2<>(by.object(object.object()), new PartialSet(kind, by.users(members), 0));
  }

  /** Rows that writers named. */
  private JavaPairRDD<Long, PartialSet> named(PartialSet.Kind kind, List<List<String>> keys) {
    UserIndex index = now.users().value();
    Map<Long, RoaringBitmap> users = new HashMap<>();
    for (List<String> key : keys) {
      users
          .computeIfAbsent(now.keys().objects().number(key.get(0)), object -> new RoaringBitmap())
          .add((int) index.of(now.keys().users().number(key.get(1))));
    }
    List<Tuple2<Long, PartialSet>> parts = new ArrayList<>();
    users.forEach(
        (object, members) -> parts.add(new Tuple2<>(object, PartialSet.of(kind, members))));
    return spark().parallelizePairs(parts, 1);
  }

  private JavaSparkContext spark() {
    return JavaSparkContext.fromSparkContext(now.session().sparkContext());
  }
}
