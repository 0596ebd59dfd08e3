package backfill.spark.pairs;

import backfill.membership.BitmapBytes;
import backfill.membership.UserIndex;
import backfill.spark.engine.Derived;
import backfill.spark.engine.SparkJobs;
import backfill.spark.read.KeyNumbers;
import backfill.spark.step.Gains;
import backfill.spark.step.Losses;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.roaringbitmap.PeekableIntIterator;
import scala.Tuple2;

/** Counts which users and objects gain, or lose, most pairs by a step. */
final class GainCounts {
  private static final Comparator<PairsOfNumber> MOST_FIRST = Comparator.reverseOrder();

  private GainCounts() {}

  /** Of pairs to add. */
  static Gains gains(
      JavaRDD<ObjectDiff> objects,
      ObjectDiff.Totals totals,
      Broadcast<UserIndex> users,
      StepKeys keys) {
    JavaRDD<PairsOfNumber> byObject =
        Derived.each(
            Derived.where(objects, object -> object.missing() > 0),
            object -> new PairsOfNumber(object.object(), object.missing()));
    return new Gains(
        totals.missingDirect(),
        totals.missing() - totals.missingDirect(),
        most(byUser(objects, DiffRows.Which.TO_INSERT, users), keys.users()),
        most(byObject, keys.objects()));
  }

  /** Of pairs to delete. */
  static Losses losses(JavaRDD<ObjectDiff> objects, Broadcast<UserIndex> users, StepKeys keys) {
    JavaRDD<PairsOfNumber> byObject =
        Derived.where(
            Derived.each(
                objects,
                object ->
                    new PairsOfNumber(
                        object.object(), BitmapBytes.set(object.toDelete()).getLongCardinality())),
            lost -> lost.pairs() > 0);
    return new Losses(
        most(byUser(objects, DiffRows.Which.TO_DELETE, users), keys.users()),
        most(byObject, keys.objects()));
  }

  /** The objects that the sources give most users. */
  static List<Gains.Gainer> widest(JavaRDD<ObjectDiff> objects, StepKeys keys) {
    return most(
        Derived.each(
            Derived.where(objects, object -> object.planned() > 0),
            object -> new PairsOfNumber(object.object(), object.planned())),
        keys.objects());
  }

  private static JavaRDD<PairsOfNumber> byUser(
      JavaRDD<ObjectDiff> objects, DiffRows.Which which, Broadcast<UserIndex> users) {
    return Derived.each(
        Derived.pairs(
                Derived.ofPartitions(objects, some -> UserCounts.of(some, which, users.value())))
            .reduceByKey(Long::sum),
        user -> new PairsOfNumber(user._1(), user._2()));
  }

  private static List<Gains.Gainer> most(JavaRDD<PairsOfNumber> counts, KeyNumbers keys) {
    return SparkJobs.ofEach(counts, GainCounts::first).stream()
        .flatMap(List::stream)
        .sorted(MOST_FIRST)
        .limit(Gains.LISTED)
        .map(count -> new Gains.Gainer(keys.key(count.number()), count.pairs()))
        .toList();
  }

  private static ArrayList<PairsOfNumber> first(Iterator<PairsOfNumber> counts) {
    PriorityQueue<PairsOfNumber> first = new PriorityQueue<>();
    while (counts.hasNext()) {
      first.add(counts.next());
      if (first.size() > Gains.LISTED) {
        first.remove();
      }
    }
    return new ArrayList<>(first);
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
