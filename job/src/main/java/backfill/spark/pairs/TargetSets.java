package backfill.spark.pairs;

import backfill.spark.engine.Derived;
import backfill.spark.engine.Packed;
import java.util.Optional;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/**
 * The sets of users that a target has for each object, kept by Spark.
 *
 * @param own of the step's own rows
 * @param foreign of others, where the step does not own all
 */
record TargetSets(
    Packed<Tuple2<Long, PartialSet>> own, Optional<Packed<Tuple2<Long, PartialSet>>> foreign) {

  JavaPairRDD<Long, PartialSet> all() {
    JavaPairRDD<Long, PartialSet> sets = Derived.pairs(own.elements());
    return foreign.map(others -> sets.union(Derived.pairs(others.elements()))).orElse(sets);
  }

  /** The objects of the step's own rows, as often as there are sets of them. */
  JavaRDD<Long> objects() {
    return Derived.each(own.elements(), Tuple2::_1);
  }
}
