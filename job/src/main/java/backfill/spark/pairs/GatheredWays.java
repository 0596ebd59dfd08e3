package backfill.spark.pairs;

import backfill.membership.NestedWays;
import backfill.membership.NestingGraph;
import backfill.membership.OwnMembers;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.roaringbitmap.RoaringBitmap;

/**
 * Brings to the driver what the shortest ways of a step are looked for in, as its sources give it
 * and before anything is closed: only for whom reasons are asked for.
 *
 * @param tree null where no objects are nested
 */
record GatheredWays(
    GivenPairs<JavaRDD<NumberedPairs>> given,
    StepNumbers numbers,
    NestedObjects tree,
    NestingMemory memory,
    JavaSparkContext spark) {

  NestedWays ways() {
    NestedGroups nested =
        new NestedGroups(given.nested(), given.through(), memory, numbers.levels(), spark);
    NestingGraph groups = nested.graph();
    OwnMembers members =
        given.through().isEmpty()
            ? OwnMembers.of(groups.size(), List.of(), List.of())
            : nested.own(given.members(), numbers.ofUsers());
    return tree == null
        ? new NestedWays(groups, members, null, null, null)
        : new NestedWays(
            groups,
            members,
            tree.holders(),
            onHolders(given.direct(), numbers.ofUsers()),
            onHolders(given.through(), groups::number));
  }

  /** What sources of pairs (object, member) grant on objects that hold others. */
  private RoaringBitmap[] onHolders(
      List<JavaRDD<NumberedPairs>> grants, PartialSetIterator.Numbering numbering) {
    NestingGraph holders = tree.holders();
    RoaringBitmap[] sets = new RoaringBitmap[holders.size()];
    for (JavaRDD<NumberedPairs> some : grants) {
      JavaRDD<NumberedPairs> onHolders = tree.onHolders(some);
      memory.require(2L * Long.BYTES * NumberedPairs.count(List.of(onHolders)));
      for (NumberedPairs pairs : onHolders.collect()) {
        for (int i = 0; i < pairs.size(); i++) {
          int holder = holders.number(pairs.keys()[i]);
          if (sets[holder] == null) {
            sets[holder] = new RoaringBitmap();
          }
          sets[holder].add((int) numbering.number(pairs.members()[i]));
        }
      }
    }
    return sets;
  }
}
