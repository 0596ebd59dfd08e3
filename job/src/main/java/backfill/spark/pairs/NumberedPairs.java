package backfill.spark.pairs;

import backfill.membership.KeySet;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import java.util.function.LongPredicate;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.apache.spark.api.java.JavaRDD;

/** Some pairs (key, member) in numbers, as two arrays of equal length. */
record NumberedPairs(long[] keys, long[] members) implements Serializable {

  int size() {
    return keys.length;
  }

  /** How many these are together. */
  static long count(List<JavaRDD<NumberedPairs>> some) {
    return some.stream()
        .mapToLong(pairs -> pairs.map(each -> (long) each.size()).fold(0L, Long::sum))
        .sum();
  }

  /** Every key that these have, as one set. */
  static KeySet keysOf(List<JavaRDD<NumberedPairs>> some) {
    return KeySet.union(
        some.stream()
            .flatMap(pairs -> pairs.mapPartitions(NumberedPairs::keySet).collect().stream())
            .toList());
  }

  private static Iterator<KeySet> keySet(Iterator<NumberedPairs> some) {
    Iterable<NumberedPairs> all = () -> some;
    return List.of(
            KeySet.of(
                StreamSupport.stream(all.spliterator(), false).map(NumberedPairs::keys).iterator()))
        .iterator();
  }

  /** The same, each of them turned around. */
  static List<JavaRDD<NumberedPairs>> reversed(List<JavaRDD<NumberedPairs>> some) {
    return some.stream().map(pairs -> pairs.map(NumberedPairs::reversed)).toList();
  }

  private NumberedPairs reversed() {
    return new NumberedPairs(members, keys);
  }

  /** Those of them whose key is wanted. */
  NumberedPairs keeping(LongPredicate wanted) {
    int[] kept = IntStream.range(0, size()).filter(i -> wanted.test(keys[i])).toArray();
    return new NumberedPairs(
        IntStream.of(kept).mapToLong(i -> keys[i]).toArray(),
        IntStream.of(kept).mapToLong(i -> members[i]).toArray());
  }
}
