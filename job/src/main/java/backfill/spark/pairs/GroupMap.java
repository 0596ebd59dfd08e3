package backfill.spark.pairs;

import backfill.membership.GroupUsers;
import backfill.membership.LevelSets;
import backfill.membership.MemberSet;
import backfill.membership.NestingGraph;
import backfill.plan.Amount;
import backfill.spark.engine.Brought;
import backfill.spark.engine.Derived;
import backfill.spark.engine.HeldHere;
import backfill.spark.engine.KeptInSpark;
import backfill.spark.engine.SparkJobs;
import backfill.spark.read.LevelNumbers;
import backfill.spark.read.PairCache;
import backfill.spark.step.Nesting;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.roaringbitmap.RoaringBitmap;
import scala.Tuple2;

/**
 * The group to users map of one step, where it fits sent to every executor whole, and where it does
 * not kept in partitions that grants are joined with.
 */
final class GroupMap implements PairCache.SharedUse {
  /** What one task may carry of a map that is joined. */
  private static final long SLICE_BYTES = 8L << 20;

  private final Broadcast<GroupUsers> broadcast;
  private final JavaPairRDD<Long, PartialSet> joined;
  private final String description;
  private final Nesting nesting;

  private GroupMap(
      Broadcast<GroupUsers> broadcast,
      JavaPairRDD<Long, PartialSet> joined,
      String description,
      Nesting nesting) {
    this.broadcast = broadcast;
    this.joined = joined;
    this.description = description;
    this.nesting = nesting;
  }

  /**
   * In one job, unless the map is large.
   *
   * @param members pairs (group, user)
   * @param broadcastBytes size of the serialized sets up to which the map is broadcast
   */
  static GroupMap of(
      List<JavaRDD<NumberedPairs>> members,
      PartialSetIterator.Numbering users,
      LevelNumbers levels,
      long broadcastBytes,
      KeptInSpark kept,
      JavaSparkContext spark) {
    JavaPairRDD<Long, PartialSet> parts = kept.keep(parts(members, users));
    Brought<Tuple2<Long, PartialSet>> brought =
        Brought.of(parts, part -> part._2().members().length, broadcastBytes);
    long bytes = brought.weight();
    if (bytes > broadcastBytes) {
      return new GroupMap(
          null,
          kept.keep(united(parts, !levels.isNone())),
          String.format(
              Locale.ROOT,
              "the group map has %,d bytes, more than flatten.broadcast-bytes (%,d): it is joined",
              bytes,
              broadcastBytes),
          null);
    }
    List<Tuple2<Long, PartialSet>> sets = brought.elements();
    GroupUsers map = of(sets, levels);
    long memberships = sets.stream().mapToLong(part -> part._2().rows()).sum();
    return new GroupMap(
        spark.broadcast(map),
        null,
        String.format(
            Locale.ROOT,
            "the group map has %s with %s in %s: it is broadcast",
            Amount.of(map.size(), "group"),
            Amount.of(memberships, "membership"),
            Amount.of(bytes, "byte")),
        null);
  }

  private static GroupUsers of(List<Tuple2<Long, PartialSet>> parts, LevelNumbers levels) {
    GroupUsers map = new GroupUsers(levels.count());
    if (levels.isNone()) {
      parts.forEach(part -> map.add(part._1(), part._2().set()));
      return map;
    }
    Map<Long, LevelSets> sets = new HashMap<>();
    parts.forEach(
        part ->
            sets.computeIfAbsent(part._1(), group -> new LevelSets(levels.count()))
                .add(part._2().level(), part._2().set()));
    sets.forEach(map::put);
    return map;
  }

  /** Sets of users by group, more than one for a group. */
  private static JavaPairRDD<Long, PartialSet> parts(
      List<JavaRDD<NumberedPairs>> members, PartialSetIterator.Numbering users) {
    return members.stream()
        .map(
            pairs ->
                PartialSetIterator.of(
                    pairs,
                    PartialSet.Kind.GROUP_USERS,
                    users,
                    PartialSetIterator.Unnumbered.REFUSE))
        .reduce(JavaPairRDD::union)
        .orElseThrow();
  }

  /**
   * Of nested groups, closed already. A set that several groups share counts once, and travels once
   * with those that are beside it. In a local run it stays where it is, however large.
   *
   * @param broadcastBytes as above
   */
  static GroupMap closed(
      GroupUsers map,
      Nesting nesting,
      long broadcastBytes,
      KeptInSpark kept,
      JavaSparkContext spark) {
    boolean stays = spark.isLocal() && broadcastBytes > 0;
    long bytes = stays ? map.bytes() : map.bytesWritten();
    String closed =
        String.format(
            Locale.ROOT,
            "%s among %s, %s; the closed group map has %s that are granted in %s",
            Amount.of(nesting.edges(), "nesting"),
            Amount.of(nesting.keys(), "group"),
            Amount.of(nesting.cycles(), "cycle"),
            Amount.of(map.size(), "group"),
            Amount.of(bytes, "byte"));
    if (stays) {
      return new GroupMap(
          HeldHere.orBroadcast(map, spark), null, closed + ": it stays whole", nesting);
    }
    if (bytes <= broadcastBytes) {
      return new GroupMap(spark.broadcast(map), null, closed + ": it is broadcast", nesting);
    }
    String description =
        String.format(
            Locale.ROOT,
            "%s, more than flatten.broadcast-bytes (%,d): it is joined",
            closed,
            broadcastBytes);
    int slices = (int) Math.min(10_000, spark.defaultParallelism() + bytes / SLICE_BYTES);
    return new GroupMap(
        null, kept.keep(spark.parallelizePairs(byGroup(map), slices)), description, nesting);
  }

  private static List<Tuple2<Long, PartialSet>> byGroup(GroupUsers map) {
    Map<MemberSet, PartialSet> sets = new IdentityHashMap<>();
    List<Tuple2<Long, PartialSet>> byGroup = new ArrayList<>();
    for (int number = 0; number < map.size(); number++) {
      for (int level = 0; level < map.levels(); level++) {
        MemberSet users = map.members(number, level);
        if (users != null) {
          short at = (short) level;
          PartialSet set =
              sets.computeIfAbsent(
                  users, of -> PartialSet.of(PartialSet.Kind.GROUP_USERS, of.bitmap(), at));
          byGroup.add(new Tuple2<>(map.group(number), set));
        }
      }
    }
    return byGroup;
  }

  /** One set of each group; of levels one for each of these. */
  private static JavaPairRDD<Long, PartialSet> united(
      JavaPairRDD<Long, PartialSet> parts, boolean leveled) {
    return leveled
        ? Derived.pairs(
            Derived.each(
                Derived.pairs(
                        Derived.each(
                            parts,
                            part ->
                                new Tuple2<>(
                                    new Tuple2<>(part._1(), part._2().level()), part._2())))
                    .reduceByKey(GroupMap::united),
                part -> new Tuple2<>(part._1()._1(), part._2())))
        : parts.reduceByKey(GroupMap::united);
  }

  private static PartialSet united(PartialSet one, PartialSet other) {
    return PartialSet.of(
        PartialSet.Kind.GROUP_USERS, RoaringBitmap.or(one.set(), other.set()), one.level());
  }

  /**
   * The sets that a source of pairs (object, group) gives.
   *
   * @param partitions of the join, where there is one
   */
  JavaPairRDD<Long, PartialSet> grantSets(JavaRDD<NumberedPairs> grants, int partitions) {
    if (broadcast != null) {
      Broadcast<GroupUsers> map = broadcast;
      return PartialSetIterator.of(
          grants,
          PartialSet.Kind.GROUPS,
          group -> map.value().number(group),
          PartialSetIterator.Unnumbered.DROP);
    }
    return Derived.pairs(
        Derived.each(
            joined(grants, partitions),
            of -> new Tuple2<>(of._2()._1().object(), atMost(of._2()))));
  }

  /**
   * The same as sets that give a reason: where the map is broadcast, the numbers of groups in it,
   * and else the users of one group each.
   */
  JavaPairRDD<Long, PartialSet> reasonSets(JavaRDD<NumberedPairs> grants, int partitions) {
    return broadcast != null
        ? grantSets(grants, partitions)
        : Derived.pairs(
            Derived.each(
                joined(grants, partitions),
                of -> new Tuple2<>(of._2()._1().object(), atMost(of._2()).by(of._1()))));
  }

  /** A group's users have an object by it at the lower of both levels. */
  private static PartialSet atMost(Tuple2<GroupGrant, PartialSet> both) {
    return both._2().atMost(both._1().level());
  }

  /** What a group is granted. */
  private record GroupGrant(long object, short level) implements Serializable {}

  private JavaPairRDD<Long, Tuple2<GroupGrant, PartialSet>> joined(
      JavaRDD<NumberedPairs> grants, int partitions) {
    JavaPairRDD<Long, GroupGrant> objectsByGroup =
        Derived.pairs(
            Derived.several(
                grants,
                pairs ->
                    IntStream.range(0, pairs.size())
                        .mapToObj(
                            i ->
                                new Tuple2<>(
                                    pairs.members()[i],
                                    new GroupGrant(pairs.keys()[i], pairs.level(i))))
                        .iterator()));
    return objectsByGroup.join(joined, partitions);
  }

  /**
   * How many users each group has.
   *
   * @param numbers of the groups that are asked for
   */
  long[] sizes(NestingGraph numbers) {
    long[] sizes = new long[numbers.size()];
    if (broadcast == null) {
      // Of levels a group has a set for each, and one user perhaps in several of them.
      for (Tuple2<Long, Long> group :
          SparkJobs.collect(
              Derived.each(
                  joined.reduceByKey(GroupMap::united),
                  group -> new Tuple2<>(group._1(), group._2().rows())))) {
        put(sizes, numbers.number(group._1()), group._2());
      }
    } else {
      GroupUsers map = broadcast.value();
      for (int number = 0; number < map.size(); number++) {
        put(sizes, numbers.number(map.group(number)), map.users(number).getLongCardinality());
      }
    }
    return sizes;
  }

  private static void put(long[] sizes, int number, long size) {
    if (number != NestingGraph.ABSENT) {
      sizes[number] = size;
    }
  }

  /** The broadcast map, or null where it is joined. */
  Broadcast<GroupUsers> broadcast() {
    return broadcast;
  }

  /** Lets the map go, where it was broadcast. */
  @Override
  public void letGo() {
    if (broadcast != null) {
      broadcast.destroy();
    }
  }

  /** What is nested in what; null where the step has no nested groups. */
  Nesting nesting() {
    return nesting;
  }

  /** What was decided and by which size, for the log. */
  String description() {
    return description;
  }
}
