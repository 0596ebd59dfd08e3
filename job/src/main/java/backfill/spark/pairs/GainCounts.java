package backfill.spark.pairs;

import backfill.membership.BitmapBytes;
import backfill.membership.UserIndex;
import backfill.spark.read.KeyNumbers;
import backfill.spark.step.Gains;
import backfill.spark.step.Losses;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.roaringbitmap.PeekableIntIterator;
import scala.Tuple2;

/** Counts which users and objects gain, or lose, most pairs by a step. */
final class GainCounts {
  private GainCounts() {}

  /** Of pairs to add. */
  static Gains gains(
      JavaRDD<ObjectDiff> objects,
      ObjectDiff.Totals totals,
      Broadcast<UserIndex> users,
      StepKeys keys) {
    JavaRDD<PairsOfNumber> byObject =
        objects
            .filter(object -> object.missing() > 0)
            .map(object -> new PairsOfNumber(object.object(), object.missing()));
    return new Gains(
        totals.missingDirect(),
        totals.missing() - totals.missingDirect(),
        most(byUser(objects, DiffRows.Which.TO_INSERT, users), keys.users()),
        most(byObject, keys.objects()));
  }

  /** Of pairs to delete. */
  static Losses losses(JavaRDD<ObjectDiff> objects, Broadcast<UserIndex> users, StepKeys keys) {
    JavaRDD<PairsOfNumber> byObject =
        objects
            .map(
                object ->
                    new PairsOfNumber(
                        object.object(), BitmapBytes.set(object.toDelete()).getLongCardinality()))
            .filter(lost -> lost.pairs() > 0);
    return new Losses(
        most(byUser(objects, DiffRows.Which.TO_DELETE, users), keys.users()),
        most(byObject, keys.objects()));
  }

  /** The objects that the sources give most users. */
  static List<Gains.Gainer> widest(JavaRDD<ObjectDiff> objects, StepKeys keys) {
    return most(
        objects
            .filter(object -> object.planned() > 0)
            .map(object -> new PairsOfNumber(object.object(), object.planned())),
        keys.objects());
  }

  private static JavaRDD<PairsOfNumber> byUser(
      JavaRDD<ObjectDiff> objects, DiffRows.Which which, Broadcast<UserIndex> users) {
    return objects
        .mapPartitionsToPair(some -> UserCounts.of(some, which, users.value()))
        .reduceByKey(Long::sum)
        .map(user -> new PairsOfNumber(user._1(), user._2()));
  }

  private static List<Gains.Gainer> most(JavaRDD<PairsOfNumber> counts, KeyNumbers keys) {
    return counts.top(Gains.LISTED).stream()
        .map(count -> new Gains.Gainer(keys.key(count.number()), count.pairs()))
        .toList();
  }

  /** A gain, or a loss, of what a number stands for. */
  private record PairsOfNumber(long number, long pairs)
      implements Comparable<PairsOfNumber>, Serializable {
    /** More pairs are more; of the same number, the smaller key comes first. */
    @Override
    public int compareTo(PairsOfNumber other) {
      int order = Long.compare(pairs, other.pairs);
      return order != 0 ? order : Long.compare(other.number, number);
    }
  }

  /** Counts how many objects of a partition each user gains, or loses. */
  static final class UserCounts {
    private UserCounts() {}

    static Iterator<Tuple2<Long, Long>> of(
        Iterator<ObjectDiff> objects, DiffRows.Which which, UserIndex users) {
      Map<Integer, long[]> counts = new HashMap<>();
      while (objects.hasNext()) {
        PeekableIntIterator each = BitmapBytes.set(which.of(objects.next())).getIntIterator();
        while (each.hasNext()) {
          counts.computeIfAbsent(each.next(), user -> new long[1])[0]++;
        }
      }
      return counts.entrySet().stream()
          .map(entry -> new Tuple2<>(users.key(entry.getKey()), entry.getValue()[0]))
          .iterator();
    }
  }
}
