package backfill.spark.pairs;

import backfill.plan.level.LevelOrder;
import backfill.spark.engine.Derived;
import backfill.spark.engine.KeptInSpark;
import backfill.spark.read.KeyNumbers;
import backfill.spark.read.KeySpace;
import backfill.spark.read.LevelNumbers;
import backfill.spark.read.ReadPairs;
import java.util.Arrays;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;

/**
 * Some rows, and what their columns are.
 *
 * @param from what they are rows of
 * @param level where their level is; null where they have none of their own
 * @param pairs kept by Spark, unless both columns are of integers: they are looked at twice
 */
record IdentifiedPairs(
    String from,
    JavaRDD<ReadPairs> pairs,
    KeySpace keys,
    KeySpace members,
    LevelOrder.OfSource level) {

  /** What has levels of its own, as it was read; empty where it has none. */
  Optional<LevelNumbers.OfSource> leveled() {
    return Optional.ofNullable(level)
        .map(LevelOrder.OfSource::column)
        .map(column -> new LevelNumbers.OfSource(from, column, pairs));
  }

  /** The same, kept from their first use on. */
  IdentifiedPairs keptBy(KeptInSpark kept) {
    return new IdentifiedPairs(from, kept.keep(pairs), keys, members, level);
  }

  /** The pairs in numbers. */
  JavaRDD<NumberedPairs> numbered(StepKeys by) {
    LevelNumbers levels = by.levels();
    KeyNumbers keyNumbers = by.of(keys);
    KeyNumbers memberNumbers = by.of(members);
    int every =
        level == null || level.constant() == null
            ? levels.highest()
            : levels.number(level.constant());
    return Derived.each(
        pairs,
        some -> {
          long[] numbers = keyNumbers.of(some.keys());
          return new NumberedPairs(
              numbers,
              memberNumbers.of(some.members()),
              levels.isNone() ? null : numbered(some, numbers.length, levels, every));
        });
  }

  /** What has no level of its own passes on any: the highest. */
  private static short[] numbered(ReadPairs some, int size, LevelNumbers levels, int every) {
    if (some.levels() != null) {
      return levels.of(some.levels());
    }
    short[] all = new short[size];
    Arrays.fill(all, (short) every);
    return all;
  }
}
