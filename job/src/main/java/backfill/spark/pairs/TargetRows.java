package backfill.spark.pairs;

import backfill.plan.IntoPairs;
import backfill.plan.level.LevelOrder;
import backfill.postgres.write.Target;
import backfill.spark.engine.KeptInSpark;
import backfill.spark.engine.Packed;
import backfill.spark.query.PairColumnNames;
import backfill.spark.read.KeySpace;
import backfill.spark.read.LevelNumbers;
import backfill.spark.read.ReadPairs;
import backfill.spark.read.SnapshotReader;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/** A step's target as one snapshot has it, read as pairs (object, user) and made into sets. */
record TargetRows(IntoPairs into, Target target, StepKeyTypes types, SnapshotReader reader) {

  /** The step's own. */
  IdentifiedPairs own() {
    return rows(target.where(), PairColumnNames.of(into));
  }

  private IdentifiedPairs rows(String where, PairColumnNames columns) {
    return new IdentifiedPairs(
        target.table().name().toString(),
        ReadPairs.ofTarget(
            reader.readPairs(target.table(), columns, where), types.objects(), types.users()),
        KeySpace.OBJECTS,
        KeySpace.USERS,
        columns.level() == null ? null : new LevelOrder.OfSource(columns.level(), null, false));
  }

  /**
   * Begins to read them all.
   *
   * @param own those of {@link #own}
   * @param unnumbered what becomes of a user of these who has no number
   * @param kept keeps the sets
   */
  TargetSets sets(
      JavaRDD<NumberedPairs> own,
      StepNumbers numbers,
      PartialSetIterator.Unnumbered unnumbered,
      KeptInSpark kept) {
    PartialSetIterator.Numbering users = numbers.ofUsers();
    return new TargetSets(
        begin(PartialSetIterator.of(own, PartialSet.Kind.EXISTING, users, unnumbered), kept),
        target
            .foreign()
            .map(
                others ->
                    begin(
                        PartialSetIterator.of(
                            rows(others, PairColumnNames.of(into).keys())
                                .numbered(numbers.keys().with(LevelNumbers.NONE)),
                            PartialSet.Kind.FOREIGN,
                            users,
                            PartialSetIterator.Unnumbered.DROP),
                        kept)));
  }

  private Packed<Tuple2<Long, PartialSet>> begin(
      JavaPairRDD<Long, PartialSet> parts, KeptInSpark kept) {
    Packed<Tuple2<Long, PartialSet>> sets =
        Packed.keep(JavaRDD.fromRDD(parts.rdd(), parts.classTag()), PartialSetIterator.CODEC, kept);
    reader.reads().begin(KeptInSpark.counts(sets.arrays(), array -> 1), all -> {});
    return sets;
  }
}
