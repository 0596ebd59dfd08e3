package backfill.spark.pairs;

import backfill.spark.read.KeyNumbers;
import backfill.spark.read.KeyPairs;
import backfill.spark.read.KeySpace;
import org.apache.spark.api.java.JavaRDD;

/**
 * Some rows, and what their two columns identify.
 *
 * @param pairs kept by Spark, unless both columns are of integers: they are looked at twice
 */
record KeyedPairs(JavaRDD<KeyPairs> pairs, KeySpace keys, KeySpace members) {

  /** The pairs in numbers. */
  JavaRDD<LongPairs> numbered(StepKeys by) {
    KeyNumbers keyNumbers = by.of(keys);
    KeyNumbers memberNumbers = by.of(members);
    return pairs.map(
        some -> new LongPairs(keyNumbers.of(some.keys()), memberNumbers.of(some.members())));
  }
}
