package backfill.spark.pairs;

import java.io.Serializable;
import java.util.function.LongPredicate;
import java.util.stream.IntStream;

/** Some pairs (key, member) in numbers, as two arrays of equal length. */
record NumberedPairs(long[] keys, long[] members) implements Serializable {

  int size() {
    return keys.length;
  }

  /** Those of them whose key is wanted. */
  NumberedPairs keeping(LongPredicate wanted) {
    int[] kept = IntStream.range(0, size()).filter(i -> wanted.test(keys[i])).toArray();
    return new NumberedPairs(
        IntStream.of(kept).mapToLong(i -> keys[i]).toArray(),
        IntStream.of(kept).mapToLong(i -> members[i]).toArray());
  }
}
