package backfill.spark.pairs;

import backfill.spark.engine.KeptInSpark;
import backfill.spark.read.KeyNumbers;
import backfill.spark.read.KeySpace;
import backfill.spark.read.ReadPairs;
import org.apache.spark.api.java.JavaRDD;

/**
 * Some rows, and what their two columns identify.
 *
 * @param pairs kept by Spark, unless both columns are of integers: they are looked at twice
 */
record IdentifiedPairs(JavaRDD<ReadPairs> pairs, KeySpace keys, KeySpace members) {

  /** The same, kept from their first use on. */
  IdentifiedPairs keptBy(KeptInSpark kept) {
    return new IdentifiedPairs(kept.keep(pairs), keys, members);
  }

  /** The pairs in numbers. */
  JavaRDD<NumberedPairs> numbered(StepKeys by) {
    KeyNumbers keyNumbers = by.of(keys);
    KeyNumbers memberNumbers = by.of(members);
    return pairs.map(
        some -> new NumberedPairs(keyNumbers.of(some.keys()), memberNumbers.of(some.members())));
  }
}
