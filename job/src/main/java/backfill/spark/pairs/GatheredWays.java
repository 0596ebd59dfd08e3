package backfill.spark.pairs;

import backfill.membership.LevelSets;
import backfill.membership.NestedWays;
import backfill.membership.NestingGraph;
import backfill.membership.OwnMembers;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;

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
    NestedWays.OwnUsers members =
        given.through().isEmpty()
            ? OwnMembers.of(groups.size(), List.of(), List.of())
            : nested.own(given.members(), numbers.ofUsers());
    return tree == null
        ? new NestedWays(groups, members, null, null, null, numbers.levels().count())
        : new NestedWays(
            groups,
            members,
            tree.holders(),
            onHolders(given.direct(), numbers.ofUsers()),
            onHolders(given.through(), groups::number),
            numbers.levels().count());
  }

  /** What sources of pairs (object, member) grant on objects that hold others. */
  private LevelSets[] onHolders(
      List<JavaRDD<NumberedPairs>> grants, PartialSetIterator.Numbering numbering) {
    List<JavaRDD<NumberedPairs>> onHolders = grants.stream().map(tree::onHolders).toList();
    return tree.byLevel(memory.brought(onHolders, count -> 2L * Long.BYTES * count), numbering);
  }
}
