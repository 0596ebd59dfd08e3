package backfill.spark.pairs;

import backfill.membership.GroupUsers;
import backfill.membership.NestedWays;
import backfill.membership.NestingGraph;
import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.spark.engine.Derived;
import backfill.spark.engine.HeldHere;
import backfill.spark.engine.KeptInSpark;
import backfill.spark.read.KeptSources;
import backfill.spark.step.GrantShape;
import backfill.spark.step.Nesting;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * The sets of users that a step's sources grant for each object: passed on to what objects hold,
 * and through groups to their users.
 */
final class FlattenedGrants {
  private static final Logger LOG = LogManager.getLogger(FlattenedGrants.class);

  /** Of the rows that are kept together. */
  private static final int OBJECTS_SAMPLED = 1024;

  private final Step.Pairs step;
  private final Settings.Flatten settings;
  private final GivenPairs<JavaRDD<NumberedPairs>> given;
  private final StepNumbers numbers;
  private final KeptInSpark kept;
  private final JavaSparkContext spark;
  private final List<JavaRDD<NumberedPairs>> direct;
  private final List<JavaRDD<NumberedPairs>> through;
  private final Nesting objects;
  private final GroupMap groups;
  private final NestedObjects tree;
  private Broadcast<NestedWays> ways;

  /**
   * Closes what is nested, and decides how the group map travels.
   *
   * @param kept what is made for it is let go with this
   */
  FlattenedGrants(
      Step.Pairs step,
      Settings.Flatten settings,
      GivenPairs<JavaRDD<NumberedPairs>> given,
      StepNumbers numbers,
      KeptSources sources,
      KeptInSpark kept) {
    this.step = step;
    this.settings = settings;
    this.given = given;
    this.numbers = numbers;
    this.kept = kept;
    spark = JavaSparkContext.fromSparkContext(sources.session().sparkContext());
    if (given.objects().isEmpty()) {
      tree = null;
      objects = null;
      direct = given.direct();
      through = given.through();
    } else {
      tree =
          new NestedObjects(
              given.objects(), given.leaves(), memory(), numbers.levels(), kept, spark);
      objects = tree.told(numbers.keys().objects());
      direct = given.direct().stream().map(tree::passedOn).toList();
      through = given.through().stream().map(tree::passedOn).toList();
    }
    groups = through.isEmpty() ? null : groups(sources);
  }

  private NestingMemory memory() {
    return new NestingMemory(step.name(), settings.nestedBytes());
  }

  private GroupMap groups(KeptSources sources) {
    GroupMap map;
    if (numbers.alike()) {
      map = sources.inPairs().shared(mapOf(), GroupMap.class, this::mapped);
    } else {
      map = mapped(kept);
      kept.release(map::letGo);
    }
    LOG.info("flatten {}: {}", step.name(), map.description());
    return map;
  }

  /**
   * Steps that name these have one map. Of nested groups only those are closed that are granted.
   */
  private Object mapOf() {
    return step.nested().isEmpty()
        ? List.of(step.members(), numbers.levels().values())
        : List.of(step.members(), step.nested(), step.through(), numbers.levels().values());
  }

  private GroupMap mapped(KeptInSpark by) {
    if (given.nested().isEmpty()) {
      return GroupMap.of(
          given.members(),
          numbers.ofUsers(),
          numbers.levels(),
          settings.broadcastBytes(),
          by,
          spark);
    }
    NestedGroups graph =
        new NestedGroups(given.nested(), given.through(), memory(), numbers.levels(), spark);
    return GroupMap.closed(
        graph.users(given.members(), numbers.ofUsers()),
        graph.told(numbers.keys().groups()),
        settings.broadcastBytes(),
        by,
        spark);
  }

  /** All of them, as each source gives them. */
  JavaPairRDD<Long, PartialSet> sets() {
    List<JavaPairRDD<Long, PartialSet>> sets = new ArrayList<>();
    direct.forEach(grants -> sets.add(directly(grants)));
    through.forEach(grants -> sets.add(groups.grantSets(grants, step.write().writers())));
    return sets.stream().reduce(JavaPairRDD::union).orElseThrow();
  }

  private JavaPairRDD<Long, PartialSet> directly(JavaRDD<NumberedPairs> grants) {
    return PartialSetIterator.of(
        grants, PartialSet.Kind.DIRECT, numbers.ofUsers(), PartialSetIterator.Unnumbered.REFUSE);
  }

  /**
   * What gives users an object, each apart: direct sources by their places, and groups.
   *
   * @param some objects that are asked for, and perhaps some more
   */
  JavaPairRDD<Long, PartialSet> reasons(SomeObjects some) {
    Broadcast<SomeObjects> wanted = spark.broadcast(some);
    kept.release(wanted::destroy);
    List<JavaPairRDD<Long, PartialSet>> sets = new ArrayList<>();
    for (int place = 0; place < direct.size(); place++) {
      long giver = place;
      sets.add(PartialSet.each(directly(wanted(direct.get(place), wanted)), set -> set.by(giver)));
    }
    for (JavaRDD<NumberedPairs> grants : through) {
      sets.add(groups.reasonSets(wanted(grants, wanted), step.write().writers()));
    }
    if (tree != null) {
      sets.addAll(own(wanted));
    }
    return sets.stream().reduce(JavaPairRDD::union).orElseThrow();
  }

  /** What objects have by themselves, and what holds them. */
  private List<JavaPairRDD<Long, PartialSet>> own(Broadcast<SomeObjects> wanted) {
    List<JavaPairRDD<Long, PartialSet>> sets = new ArrayList<>();
    Broadcast<NestedWays> by = ways();
    for (JavaRDD<NumberedPairs> grants : given.direct()) {
      sets.add(
          PartialSetIterator.of(
              wanted(grants, wanted),
              PartialSet.Kind.OWN_DIRECT,
              numbers.ofUsers(),
              PartialSetIterator.Unnumbered.REFUSE));
    }
    for (JavaRDD<NumberedPairs> grants : given.through()) {
      sets.add(
          PartialSetIterator.of(
              wanted(grants, wanted),
              PartialSet.Kind.OWN_GROUPS,
              group -> by.value().groups().number(group),
              PartialSetIterator.Unnumbered.DROP));
    }
    for (JavaRDD<NumberedPairs> edges : NumberedPairs.reversed(given.objects())) {
      sets.add(
          PartialSetIterator.of(
              wanted(edges, wanted),
              PartialSet.Kind.HOLDERS,
              holder -> by.value().holders().number(holder),
              PartialSetIterator.Unnumbered.DROP));
    }
    return sets;
  }

  /** What the shortest ways are looked for in, brought together when reasons are asked for. */
  Broadcast<NestedWays> ways() {
    if (ways == null && (tree != null || !given.nested().isEmpty())) {
      Broadcast<NestedWays> sent =
          HeldHere.orBroadcast(
              new GatheredWays(given, numbers, tree, memory(), spark).ways(), spark);
      kept.release(sent::destroy);
      ways = sent;
    }
    return ways;
  }

  private static JavaRDD<NumberedPairs> wanted(
      JavaRDD<NumberedPairs> grants, Broadcast<SomeObjects> objects) {
    return Derived.each(grants, some -> some.keeping(objects.value()::mayHave));
  }

  /**
   * Objects as often as rows name them, of many rows some. Taken of the rows and not of the sets,
   * which would be made once more for it.
   *
   * @param beside more objects
   */
  JavaRDD<Long> sampledObjects(JavaRDD<Long> beside) {
    return Stream.concat(direct.stream(), through.stream())
        .map(grants -> Derived.several(grants, FlattenedGrants::sampled))
        .reduce(beside, JavaRDD::union);
  }

  private static Iterator<Long> sampled(NumberedPairs some) {
    int every = 1 + some.size() / OBJECTS_SAMPLED;
    return IntStream.range(0, some.size() / every).mapToObj(i -> some.keys()[i * every]).iterator();
  }

  /** Direct grants, passed on to what objects hold. */
  List<JavaRDD<NumberedPairs>> direct() {
    return direct;
  }

  /** Grants to groups, passed on to what objects hold. */
  List<JavaRDD<NumberedPairs>> through() {
    return through;
  }

  /** The group map; null where no group is granted anything. */
  GroupMap map() {
    return groups;
  }

  /** Which of the objects that hold others is held by which; of none where none does. */
  NestingGraph holders() {
    return tree == null ? NestingGraph.of(List.of(), List.of(), new long[0]) : tree.holders();
  }

  /** The users whom groups have themselves, kept and let go with this. */
  GroupMap flat() {
    GroupMap flat =
        GroupMap.of(
            given.members(),
            numbers.ofUsers(),
            numbers.levels(),
            settings.broadcastBytes(),
            kept,
            spark);
    kept.release(flat::letGo);
    return flat;
  }

  /** What all of them are like. */
  GrantShape shape(PairsDiff diff) {
    return new ShapeCount(step, given, this, numbers, memory(), spark).of(diff);
  }

  /** What is nested in what. */
  Nesting.OfStep nesting() {
    return new Nesting.OfStep(groups == null ? null : groups.nesting(), objects);
  }

  /** The group map, where it was broadcast; else null. */
  Broadcast<GroupUsers> groups() {
    return groups == null ? null : groups.broadcast();
  }
}
