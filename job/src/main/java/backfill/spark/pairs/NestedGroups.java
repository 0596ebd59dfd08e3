package backfill.spark.pairs;

import backfill.membership.Closure;
import backfill.membership.Components;
import backfill.membership.GroupUsers;
import backfill.membership.KeySet;
import backfill.membership.NestingGraph;
import backfill.spark.engine.KeptInSpark;
import backfill.spark.read.KeyNumbers;
import backfill.spark.step.Nesting;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.roaringbitmap.RoaringBitmap;
import scala.Tuple2;

/**
 * The group to users map of a step whose groups are nested: of each group that is granted something
 * the users that it has itself or by any group below it. Closed on the driver; only groups that are
 * granted, and those below them, are brought there.
 */
final class NestedGroups {
  private final NestingMemory memory;
  private final JavaSparkContext spark;
  private final NestingGraph graph;
  private final Components components;
  private final long graphBytes;

  /**
   * Brings the edges to the driver.
   *
   * @param edges pairs (parent, child)
   */
  NestedGroups(List<JavaRDD<NumberedPairs>> edges, NestingMemory memory, JavaSparkContext spark) {
    this.memory = memory;
    this.spark = spark;
    this.graph = memory.graph(edges, new long[0]);
    this.components = Components.of(graph);
    this.graphBytes = NestingGraph.bytes(graph.edges());
  }

  /** What is told of them. */
  Nesting told(KeyNumbers keys) {
    return Nesting.of(graph.edges(), graph.size(), components, keys::key);
  }

  /**
   * The users of each granted group.
   *
   * @param members sets of users by group, more than one for a group
   * @param through pairs (object, group)
   */
  GroupUsers users(JavaPairRDD<Long, PartialSet> members, List<JavaRDD<NumberedPairs>> through) {
    KeySet granted = NumberedPairs.keysOf(NumberedPairs.reversed(through));
    BitSet wanted = new BitSet(graph.size());
    for (long group : granted.toArray()) {
      int number = graph.number(group);
      if (number != NestingGraph.ABSENT) {
        wanted.set(number);
      }
    }
    GroupUsers map = new GroupUsers();
    RoaringBitmap[] own = new RoaringBitmap[graph.size()];
    long bytes = 0;
    for (Tuple2<Long, PartialSet> part : brought(members, granted, wanted)) {
      RoaringBitmap users = part._2().set();
      int number = graph.number(part._1());
      if (number == NestingGraph.ABSENT) {
        map.add(part._1(), users);
        bytes += Closure.bytes(users);
      } else if (own[number] == null) {
        own[number] = users;
      } else {
        own[number].or(users);
      }
    }
    RoaringBitmap[] closed =
        Closure.close(graph, components, own, wanted, memory.beside(graphBytes + bytes));
    for (int number = 0; number < closed.length; number++) {
      if (closed[number] != null) {
        map.put(graph.key(number), closed[number]);
      }
    }
    return map;
  }

  /** The sets of the groups that matter. */
  private List<Tuple2<Long, PartialSet>> brought(
      JavaPairRDD<Long, PartialSet> members, KeySet granted, BitSet wanted) {
    LongStream below = Closure.reached(graph, components, wanted).stream().mapToLong(graph::key);
    long[] all = LongStream.concat(Arrays.stream(granted.toArray()), below).toArray();
    Broadcast<KeySet> matter = spark.broadcast(KeySet.of(List.of(all).iterator()));
    try (KeptInSpark kept = new KeptInSpark()) {
      JavaPairRDD<Long, PartialSet> parts =
          kept.keep(members.filter(part -> matter.value().contains(part._1())));
      memory.require(
          graphBytes + parts.map(part -> (long) part._2().members().length).fold(0L, Long::sum));
      return parts.collect();
    } finally {
      matter.destroy();
    }
  }
}
