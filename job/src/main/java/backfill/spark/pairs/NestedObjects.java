package backfill.spark.pairs;

import backfill.membership.Closure;
import backfill.membership.Components;
import backfill.membership.InheritedSets;
import backfill.membership.LevelClosure;
import backfill.membership.LevelSets;
import backfill.membership.NestingGraph;
import backfill.membership.key.KeySet;
import backfill.spark.engine.Derived;
import backfill.spark.engine.KeptInSpark;
import backfill.spark.read.KeyNumbers;
import backfill.spark.read.LevelNumbers;
import backfill.spark.step.Nesting;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.LongConsumer;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.roaringbitmap.RoaringBitmap;

/**
 * Grants on objects that hold others, passed on to these at any depth. Only the objects that hold
 * others are brought to the driver, where what is granted on them is closed over what holds them;
 * each child then takes what its parents have where its row is, however many children there are.
 */
final class NestedObjects {
  private final List<JavaRDD<NumberedPairs>> edges;
  private final NumberedPairs.Ends ends;
  private final Broadcast<KeySet> parents;
  private final Broadcast<KeySet> leaves;
  private final NestingGraph graph;
  private final Components components;
  private final NestingMemory memory;
  private final LevelNumbers levels;
  private final KeptInSpark kept;
  private final JavaSparkContext spark;

  /**
   * @param edges pairs (parent, child)
   * @param leaves pairs whose keys are the only objects that are asked for; none for all
   */
  NestedObjects(
      List<JavaRDD<NumberedPairs>> edges,
      List<JavaRDD<NumberedPairs>> leaves,
      NestingMemory memory,
      LevelNumbers levels,
      KeptInSpark kept,
      JavaSparkContext spark) {
    this.edges = edges;
    this.memory = memory;
    this.levels = levels;
    this.kept = kept;
    this.spark = spark;
    this.ends = NumberedPairs.Ends.of(edges);
    this.parents = broadcast(ends.keys());
    this.leaves = leaves.isEmpty() ? null : broadcast(NumberedPairs.keysOf(leaves));
    Broadcast<KeySet> holders = parents;
    // Turned around: what a parent has goes to its child.
    List<JavaRDD<NumberedPairs>> inner =
        NumberedPairs.reversed(edges).stream()
            .map(some -> Derived.each(some, pairs -> pairs.keeping(holders.value()::contains)))
            .toList();
    this.graph = memory.graph(inner, parents.value().toArray());
    this.components = Components.of(graph);
  }

  private Broadcast<KeySet> broadcast(KeySet keys) {
    Broadcast<KeySet> sent = spark.broadcast(keys);
    kept.release(sent::destroy);
    return sent;
  }

  /** Which of the objects that hold others is held by which. */
  NestingGraph holders() {
    return graph;
  }

  /** The grants of a source on objects that hold others. */
  JavaRDD<NumberedPairs> onHolders(JavaRDD<NumberedPairs> grants) {
    Broadcast<KeySet> holders = parents;
    return Derived.each(grants, some -> some.keeping(holders.value()::contains));
  }

  /** What is told of them. */
  Nesting told(KeyNumbers keys) {
    return Nesting.of(
        ends.count(),
        KeySet.union(List.of(ends.keys(), ends.members())).size(),
        components,
        keys::key);
  }

  /**
   * The pairs of a source, with those that objects have by what holds them.
   *
   * @param grants pairs (object, user), or (object, group)
   */
  JavaRDD<NumberedPairs> passedOn(JavaRDD<NumberedPairs> grants) {
    Broadcast<InheritedSets> sets = spark.broadcast(inherited(grants));
    kept.release(sets::destroy);
    Broadcast<KeySet> only = leaves;
    boolean leveled = !levels.isNone();
    JavaRDD<NumberedPairs> own =
        only == null ? grants : Derived.each(grants, some -> some.keeping(only.value()::contains));
    return edges.stream()
        .map(
            some ->
                Derived.ofPartitions(
                    some,
                    pairs ->
                        new InheritedPairs(
                            pairs, sets.value(), only == null ? null : only.value(), leveled)))
        .reduce(own, JavaRDD::union);
  }

  private InheritedSets inherited(JavaRDD<NumberedPairs> grants) {
    JavaRDD<NumberedPairs> onParents = onHolders(grants);
    List<NumberedPairs> all = memory.brought(List.of(onParents), this::held);
    long held = held(all.stream().mapToLong(NumberedPairs::size).sum());
    long[] members =
        all.stream()
            .flatMapToLong(some -> Arrays.stream(some.members()))
            .sorted()
            .distinct()
            .toArray();
    BitSet every = new BitSet(graph.size());
    every.set(0, graph.size());
    LevelSets[] own = byLevel(all, member -> Arrays.binarySearch(members, member));
    LongConsumer beside = memory.beside(held);
    if (levels.isNone()) {
      RoaringBitmap[] sets = new RoaringBitmap[own.length];
      Arrays.setAll(sets, number -> own[number] == null ? null : own[number].at(0));
      return new InheritedSets(
          graph, new Closure(graph, components, every).close(sets, beside), members);
    }
    return new InheritedSets(
        graph,
        LevelClosure.close(graph, components, own, every, levels.count(), beside),
        levels.count(),
        members);
  }

  private long held(long pairs) {
    return NestingGraph.bytes(graph.edges()) + 4L * Long.BYTES * pairs;
  }

  /**
   * What is granted on each object that holds others, at its number; null for nothing.
   *
   * @param all grants on such objects
   */
  LevelSets[] byLevel(List<NumberedPairs> all, PartialSetIterator.Numbering numbering) {
    RoaringBitmap[][] sets = new RoaringBitmap[graph.size()][];
    for (NumberedPairs some : all) {
      for (int i = 0; i < some.size(); i++) {
        int number = graph.number(some.keys()[i]);
        if (sets[number] == null) {
          sets[number] = new RoaringBitmap[levels.count()];
        }
        RoaringBitmap[] own = sets[number];
        if (own[some.level(i)] == null) {
          own[some.level(i)] = new RoaringBitmap();
        }
        own[some.level(i)].add((int) numbering.number(some.members()[i]));
      }
    }
    LevelSets[] own = new LevelSets[graph.size()];
    for (int number = 0; number < own.length; number++) {
      for (int level = levels.highest(); level >= 0 && sets[number] != null; level--) {
        if (sets[number][level] != null) {
          own[number] = own[number] == null ? new LevelSets(levels.count()) : own[number];
          own[number].add(level, sets[number][level]);
        }
      }
    }
    return own;
  }
}
