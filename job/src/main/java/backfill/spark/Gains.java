package backfill.spark;

import backfill.membership.UserIndex;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;

/**
 * Who would get most from a step: what a person approves by.
 *
 * @param direct pairs to add that a source names; null for a step of rows
 * @param throughGroups pairs to add that only a group gives; null likewise
 * @param users the ten users that gain most, most first
 * @param objects the ten objects that gain most, most first
 */
public record Gains(Long direct, Long throughGroups, List<Gain> users, List<Gain> objects) {

  /** How many users and objects are listed. */
  public static final int LISTED = 10;

  /**
   * One of them, and how many pairs it gains.
   *
   * @param key a number, or a text
   */
  public record Gain(Object key, long pairs) {}

  /** Counts them. */
  static Gains of(
      JavaRDD<ObjectPairs> objects,
      ObjectPairs.Totals totals,
      Broadcast<UserIndex> users,
      StepKeys keys) {
    JavaRDD<Count> byUser =
        objects
            .mapPartitionsToPair(
                some -> UserCounts.of(some, PairRows.Which.TO_INSERT, users.value()))
            .reduceByKey(Long::sum)
            .map(user -> new Count(user._1(), user._2()));
    JavaRDD<Count> byObject =
        objects
            .filter(object -> object.missing() > 0)
            .map(object -> new Count(object.object(), object.missing()));
    return new Gains(
        totals.missingDirect(),
        totals.missing() - totals.missingDirect(),
        most(byUser, keys.users()),
        most(byObject, keys.objects()));
  }

  static List<Gain> most(JavaRDD<Count> counts, KeyNumbers keys) {
    return counts.top(LISTED).stream()
        .map(count -> new Gain(keys.key(count.number()), count.pairs()))
        .toList();
  }

  /** A gain, or a loss, of whom a number stands for. */
  record Count(long number, long pairs) implements Comparable<Count>, Serializable {
    /** More pairs are more; of the same number, the smaller key comes first. */
    @Override
    public int compareTo(Count other) {
      int order = Long.compare(pairs, other.pairs);
      return order != 0 ? order : Long.compare(other.number, number);
    }
  }
}
