package backfill.spark.pairs;

import java.io.Serializable;

/** Some pairs (key, member) in numbers, as two arrays of equal length. */
record NumberedPairs(long[] keys, long[] members) implements Serializable {

  int size() {
    return keys.length;
  }
}
