package backfill.spark.pairs;

import backfill.membership.key.KeySet;
import backfill.spark.engine.Derived;
import backfill.spark.engine.SparkJobs;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.LongPredicate;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.apache.spark.api.java.JavaRDD;

/**
 * Some pairs (key, member) in numbers, as arrays of equal length.
 *
 * @param levels of each pair; null where pairs have none
 */
record NumberedPairs(long[] keys, long[] members, short[] levels) implements Serializable {

  /** Without levels. */
  NumberedPairs(long[] keys, long[] members) {
    this(keys, members, null);
  }

  int size() {
    return keys.length;
  }

  /** That of the pair at a place; 0 where pairs have none. */
  short level(int place) {
    return levels == null ? 0 : levels[place];
  }

  /** How many these are together. */
  static long count(List<JavaRDD<NumberedPairs>> some) {
    return some.isEmpty() ? 0 : SparkJobs.sum(Derived.together(some), NumberedPairs::size);
  }

  /** Every key that these have, as one set. */
  static KeySet keysOf(List<JavaRDD<NumberedPairs>> some) {
    return KeySet.union(
        some.isEmpty()
            ? List.of()
            : SparkJobs.ofEach(Derived.together(some), NumberedPairs::keySet));
  }

  private static KeySet keySet(Iterator<NumberedPairs> some) {
    Iterable<NumberedPairs> all = () -> some;
    return KeySet.of(
        StreamSupport.stream(all.spliterator(), false).map(NumberedPairs::keys).iterator());
  }

  /** The same, each of them turned around. */
  static List<JavaRDD<NumberedPairs>> reversed(List<JavaRDD<NumberedPairs>> some) {
    return some.stream().map(pairs -> Derived.each(pairs, NumberedPairs::reversed)).toList();
  }

  private NumberedPairs reversed() {
    return new NumberedPairs(members, keys, levels);
  }

  /** Those of them whose key is wanted. */
  NumberedPairs keeping(LongPredicate wanted) {
    int[] kept = IntStream.range(0, size()).filter(i -> wanted.test(keys[i])).toArray();
    short[] their = levels == null ? null : new short[kept.length];
    for (int i = 0; their != null && i < kept.length; i++) {
      their[i] = levels[kept[i]];
    }
    return new NumberedPairs(
        IntStream.of(kept).mapToLong(i -> keys[i]).toArray(),
        IntStream.of(kept).mapToLong(i -> members[i]).toArray(),
        their);
  }

  /**
   * What some pairs have on either side, found in one job.
   *
   * @param count how many pairs these are
   */
  record Ends(KeySet keys, KeySet members, long count) implements Serializable {

    /** Of all of these together. */
    static Ends of(List<JavaRDD<NumberedPairs>> pairs) {
      List<Ends> parts =
          pairs.isEmpty() ? List.of() : SparkJobs.ofEach(Derived.together(pairs), Ends::ofPart);
      return new Ends(
          KeySet.union(parts.stream().map(Ends::keys).toList()),
          KeySet.union(parts.stream().map(Ends::members).toList()),
          parts.stream().mapToLong(Ends::count).sum());
    }

    private static Ends ofPart(Iterator<NumberedPairs> pairs) {
      List<long[]> keys = new ArrayList<>();
      List<long[]> members = new ArrayList<>();
      long count = 0;
      while (pairs.hasNext()) {
        NumberedPairs some = pairs.next();
        keys.add(some.keys());
        members.add(some.members());
        count += some.size();
      }
      return new Ends(KeySet.of(keys.iterator()), KeySet.of(members.iterator()), count);
    }
  }
}
