package backfill.spark.pairs;

import backfill.membership.KeySet;
import java.io.Serializable;
import java.util.Iterator;
import java.util.function.Function;
import java.util.function.LongPredicate;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;

/** Some pairs (key, member) in numbers, as two arrays of equal length. */
record NumberedPairs(long[] keys, long[] members) implements Serializable {

  int size() {
    return keys.length;
  }

  /** One side of some pairs, as a set. */
  static KeySet set(Iterator<NumberedPairs> some, Function<NumberedPairs, long[]> side) {
    Iterable<NumberedPairs> all = () -> some;
    return KeySet.of(StreamSupport.stream(all.spliterator(), false).map(side).iterator());
  }

  /** Those of them whose key is wanted. */
  NumberedPairs keeping(LongPredicate wanted) {
    int[] kept = IntStream.range(0, size()).filter(i -> wanted.test(keys[i])).toArray();
    return new NumberedPairs(
        IntStream.of(kept).mapToLong(i -> keys[i]).toArray(),
        IntStream.of(kept).mapToLong(i -> members[i]).toArray());
  }
}
