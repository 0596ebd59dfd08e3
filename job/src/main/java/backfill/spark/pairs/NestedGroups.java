package backfill.spark.pairs;

import backfill.membership.Closure;
import backfill.membership.Components;
import backfill.membership.GroupUsers;
import backfill.membership.LevelClosure;
import backfill.membership.LevelMembers;
import backfill.membership.LongIndex;
import backfill.membership.MemberSet;
import backfill.membership.NestedWays;
import backfill.membership.NestingGraph;
import backfill.membership.OwnLevels;
import backfill.membership.OwnMembers;
import backfill.membership.key.KeySet;
import backfill.spark.engine.Brought;
import backfill.spark.engine.Derived;
import backfill.spark.read.KeyNumbers;
import backfill.spark.read.LevelNumbers;
import backfill.spark.step.Nesting;
import java.util.BitSet;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * The group to users map of a step whose groups are nested: of each group that is granted something
 * the users that it has itself or by any group below it. Closed on the driver; only groups that are
 * granted, and those below them, are brought there.
 */
final class NestedGroups {
  private final NestingMemory memory;
  private final JavaSparkContext spark;
  private final KeySet granted;
  private final NestingGraph graph;
  private final Components components;
  private final LevelNumbers levels;

  /**
   * Brings the edges to the driver.
   *
   * @param edges pairs (parent, child)
   * @param through pairs (object, group), whose groups are those that are asked for
   */
  NestedGroups(
      List<JavaRDD<NumberedPairs>> edges,
      List<JavaRDD<NumberedPairs>> through,
      NestingMemory memory,
      LevelNumbers levels,
      JavaSparkContext spark) {
    this.memory = memory;
    this.levels = levels;
    this.spark = spark;
    this.granted = NumberedPairs.keysOf(NumberedPairs.reversed(through));
    this.graph = memory.graph(edges, granted.toArray());
    this.components = Components.of(graph);
  }

  /** What is told of them. */
  Nesting told(KeyNumbers keys) {
    return Nesting.of(graph.edges(), graph.nested(), components, keys::key);
  }

  /** Which group holds which; every one that is granted has a number. */
  NestingGraph graph() {
    return graph;
  }

  private BitSet wanted() {
    BitSet wanted = new BitSet(graph.size());
    for (long group : granted.toArray()) {
      wanted.set(graph.number(group));
    }
    return wanted;
  }

  /**
   * The users whom each granted group, and each below one, has itself.
   *
   * @param members pairs (group, user)
   */
  NestedWays.OwnUsers own(
      List<JavaRDD<NumberedPairs>> members, PartialSetIterator.Numbering userNumbers) {
    List<NumberedMembers> own =
        brought(members, userNumbers, new Closure(graph, components, wanted()).reached());
    return levels.isNone() ? ofAll(own) : ofAllByLevel(own);
  }

  private OwnLevels.InOneArray ofAllByLevel(List<NumberedMembers> own) {
    return OwnLevels.InOneArray.of(
        graph.size(),
        own.stream().map(NumberedMembers::groups).toList(),
        own.stream().map(NumberedMembers::users).toList(),
        own.stream().map(NumberedMembers::levels).toList(),
        levels.count());
  }

  private OwnMembers ofAll(List<NumberedMembers> own) {
    return OwnMembers.of(
        graph.size(),
        own.stream().map(NumberedMembers::groups).toList(),
        own.stream().map(NumberedMembers::users).toList());
  }

  /**
   * The users of each granted group.
   *
   * @param members pairs (group, user)
   */
  GroupUsers users(List<JavaRDD<NumberedPairs>> members, PartialSetIterator.Numbering userNumbers) {
    BitSet wanted = wanted();
    Closure closure = new Closure(graph, components, wanted);
    List<NumberedMembers> own = brought(members, userNumbers, closure.reached());
    return levels.isNone() ? closed(own, closure) : closedByLevel(own, wanted);
  }

  private GroupUsers closedByLevel(List<NumberedMembers> own, BitSet wanted) {
    LevelMembers[] closed =
        LevelClosure.close(
            graph, components, ofAllByLevel(own), wanted, memory.beside(graph.bytes()));
    GroupUsers map = new GroupUsers(levels.count());
    for (int number = 0; number < closed.length; number++) {
      if (closed[number] != null) {
        map.put(graph.key(number), closed[number]);
      }
    }
    return map;
  }

  private GroupUsers closed(List<NumberedMembers> own, Closure closure) {
    MemberSet[] closed = closure.close(ofAll(own), memory.beside(graph.bytes()));
    GroupUsers map = new GroupUsers();
    for (int number = 0; number < closed.length; number++) {
      if (closed[number] != null) {
        map.put(graph.key(number), closed[number]);
      }
    }
    return map;
  }

  /** The members of the groups that matter. */
  private List<NumberedMembers> brought(
      List<JavaRDD<NumberedPairs>> members,
      PartialSetIterator.Numbering userNumbers,
      BitSet matter) {
    Broadcast<LongIndex> numbers = spark.broadcast(graph.index(matter));
    try {
      JavaRDD<NumberedMembers> found =
          Derived.each(
              Derived.together(members),
              pairs -> NumberedMembers.of(pairs, numbers.value(), userNumbers));
      Brought<NumberedMembers> brought = Brought.of(found, NumberedMembers::size, memory.pairs());
      long count = brought.weight();
      memory.require(
          graph.bytes()
              + (levels.isNone() ? OwnMembers.bytes(count) : OwnLevels.InOneArray.bytes(count)));
      return brought.elements();
    } finally {
      numbers.destroy();
    }
  }
}
