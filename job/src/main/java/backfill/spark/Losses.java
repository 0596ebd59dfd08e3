package backfill.spark;

import backfill.membership.Sets;
import backfill.membership.UserIndex;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;

/**
 * Who would lose most by a step of pairs that deletes what nothing justifies any more.
 *
 * @param users the ten users that lose most, most first
 * @param objects the ten objects that lose most, most first
 */
public record Losses(List<Gains.Gain> users, List<Gains.Gain> objects) {

  /** Counts them. */
  static Losses of(JavaRDD<ObjectPairs> objects, Broadcast<UserIndex> users, StepKeys keys) {
    JavaRDD<Gains.Count> byUser =
        objects
            .mapPartitionsToPair(
                some -> UserCounts.of(some, PairRows.Which.TO_DELETE, users.value()))
            .reduceByKey(Long::sum)
            .map(user -> new Gains.Count(user._1(), user._2()));
    JavaRDD<Gains.Count> byObject =
        objects
            .map(
                object ->
                    new Gains.Count(
                        object.object(), Sets.set(object.toDelete()).getLongCardinality()))
            .filter(lost -> lost.pairs() > 0);
    return new Losses(Gains.most(byUser, keys.users()), Gains.most(byObject, keys.objects()));
  }
}
