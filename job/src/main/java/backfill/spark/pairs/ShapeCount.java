package backfill.spark.pairs;

import backfill.membership.Components;
import backfill.membership.GroupUsers;
import backfill.membership.NestingDepth;
import backfill.membership.NestingGraph;
import backfill.membership.SourceCounts;
import backfill.membership.SourceTotals;
import backfill.membership.key.KeySet;
import backfill.plan.GrantSources;
import backfill.plan.Step;
import backfill.spark.engine.SparkJobs;
import backfill.spark.step.GrantShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import scala.Tuple2;

/**
 * Counts the shape of a step's grants, from the sets that its diff was made of. A pass of its own,
 * because a run has no need of it.
 */
final class ShapeCount {
  private final Step.Pairs step;
  private final GivenPairs<JavaRDD<NumberedPairs>> given;
  private final FlattenedGrants granted;
  private final StepNumbers numbers;
  private final NestingMemory memory;
  private final JavaSparkContext spark;

  ShapeCount(
      Step.Pairs step,
      GivenPairs<JavaRDD<NumberedPairs>> given,
      FlattenedGrants granted,
      StepNumbers numbers,
      NestingMemory memory,
      JavaSparkContext spark) {
    this.step = step;
    this.given = given;
    this.granted = granted;
    this.numbers = numbers;
    this.memory = memory;
    this.spark = spark;
  }

  GrantShape of(PairsDiff diff) {
    long[] granting = NumberedPairs.keysOf(NumberedPairs.reversed(given.through())).toArray();
    NestingGraph groups = NestingGraph.of(List.of(), List.of(), granting);
    long[] sizes = granted.map() == null ? new long[0] : granted.map().sizes(groups);
    SourceTotals totals = totals(diff, groups, sizes);
    return new GrantShape(
        given.through().isEmpty() ? null : groups(groups, sizes),
        objects(diff, totals),
        new GrantShape.Given(
            totals.all(),
            totals.direct(),
            totals.through(),
            totals.all() - totals.direct() - totals.through()),
        sources(totals),
        totals.ways(),
        given.through().isEmpty()
            ? null
            : new GrantShape.Closed(Arrays.stream(sizes).sum(), totals.groupsOnObjects()));
  }

  private SourceTotals totals(PairsDiff diff, NestingGraph groups, long[] sizes) {
    Broadcast<NestingGraph> numbered = spark.broadcast(groups);
    Broadcast<long[]> users = spark.broadcast(sizes);
    boolean nests = !given.nested().isEmpty() || !given.objects().isEmpty();
    GroupMap flat = nests && granted.map() != null ? granted.flat() : null;
    Broadcast<GroupUsers> map = granted.groups();
    Broadcast<GroupUsers> own = flat == null ? null : flat.broadcast();
    StepKeys keys = numbers.keys();
    int direct = given.direct().size();
    int all = direct + given.through().size();
    try {
      return SparkJobs.ofEach(
              ObjectSets.sorted(parts(numbered, nests, flat), diff.ranges()),
              some ->
                  counted(
                      new SourceCounts(
                          new SourceTotals(direct, all),
                          map == null ? null : map.value(),
                          own == null ? null : own.value(),
                          users.value(),
                          nests,
                          keys::takeCrossing),
                      some))
          .stream()
          .reduce(new SourceTotals(direct, all), SourceTotals::and);
    } finally {
      numbered.destroy();
      users.destroy();
    }
  }

  /** The parts of one object come one after the other. */
  private static SourceTotals counted(
      SourceCounts counts, Iterator<Tuple2<Long, PartialSet>> parts) {
    boolean any = false;
    long object = 0;
    while (parts.hasNext()) {
      Tuple2<Long, PartialSet> part = parts.next();
      if (any && part._1() != object) {
        counts.end(object);
      }
      any = true;
      object = part._1();
      add(part._2(), counts);
    }
    if (any) {
      counts.end(object);
    }
    return counts.totals();
  }

  private static void add(PartialSet part, SourceCounts counts) {
    int source = (int) part.giver();
    switch (part.kind()) {
      case DIRECT, GROUP_USERS -> counts.give(source, part.set());
      case GROUPS -> counts.giveGroups(source, part.set());
      case NAMED_GROUPS -> counts.name(source, part.set());
      case OWN_DIRECT -> counts.own(part.set());
      case OWN_GROUPS -> counts.ownGroups(part.set());
      case OWN_GROUP_USERS -> counts.ownThrough(part.set());
      default -> throw new IllegalStateException("kind " + part.kind());
    }
  }

  /**
   * @param flat the users whom groups have themselves; null where nothing is nested, or no group is
   *     granted anything
   */
  private JavaPairRDD<Long, PartialSet> parts(
      Broadcast<NestingGraph> groups, boolean nests, GroupMap flat) {
    List<JavaPairRDD<Long, PartialSet>> parts = new ArrayList<>();
    for (JavaRDD<NumberedPairs> grants : granted.direct()) {
      parts.add(by(parts.size(), users(grants, PartialSet.Kind.DIRECT)));
    }
    int place = parts.size();
    for (JavaRDD<NumberedPairs> grants : granted.through()) {
      parts.add(by(place, granted.map().grantSets(grants, step.write().writers())));
      parts.add(by(place++, groups(grants, groups)));
    }
    if (nests) {
      given.direct().forEach(own -> parts.add(users(own, PartialSet.Kind.OWN_DIRECT)));
    }
    if (flat != null) {
      for (JavaRDD<NumberedPairs> own : given.through()) {
        parts.add(
            PartialSet.each(
                flat.grantSets(own, step.write().writers()),
                set ->
                    set.as(
                        set.kind() == PartialSet.Kind.GROUPS
                            ? PartialSet.Kind.OWN_GROUPS
                            : PartialSet.Kind.OWN_GROUP_USERS)));
      }
    }
    return parts.stream().reduce(JavaPairRDD::union).orElseThrow();
  }

  private static JavaPairRDD<Long, PartialSet> by(
      long source, JavaPairRDD<Long, PartialSet> parts) {
    return PartialSet.each(parts, set -> set.by(source));
  }

  private JavaPairRDD<Long, PartialSet> users(JavaRDD<NumberedPairs> grants, PartialSet.Kind kind) {
    return PartialSetIterator.of(
        grants, kind, numbers.ofUsers(), PartialSetIterator.Unnumbered.REFUSE);
  }

  private static JavaPairRDD<Long, PartialSet> groups(
      JavaRDD<NumberedPairs> grants, Broadcast<NestingGraph> numbers) {
    return PartialSetIterator.of(
        grants,
        PartialSet.Kind.NAMED_GROUPS,
        group -> numbers.value().number(group),
        PartialSetIterator.Unnumbered.DROP);
  }

  private GrantShape.Groups groups(NestingGraph groups, long[] sizes) {
    KeySet named =
        NumberedPairs.keysOf(
            Stream.of(
                    given.members(),
                    NumberedPairs.reversed(given.through()),
                    given.nested(),
                    NumberedPairs.reversed(given.nested()))
                .flatMap(List::stream)
                .toList());
    NestingGraph nested = memory.graph(given.nested(), new long[0]);
    Components components = Components.of(nested);
    return new GrantShape.Groups(
        named.size(),
        NumberedPairs.count(given.members()),
        nested.edges(),
        components.cycles(),
        GrantShape.condensed(NestingDepth.of(nested, components)),
        IntStream.range(0, groups.size())
            .filter(group -> sizes[group] > 0)
            .boxed()
            .sorted(
                Comparator.<Integer>comparingLong(group -> -sizes[group])
                    .thenComparingLong(groups::key))
            .limit(GrantShape.LISTED)
            .map(
                group ->
                    new GrantShape.Largest(
                        numbers.keys().groups().key(groups.key(group)), sizes[group]))
            .toList());
  }

  private GrantShape.Objects objects(PairsDiff diff, SourceTotals totals) {
    NestingGraph holders = granted.holders();
    Components components = Components.of(holders);
    return new GrantShape.Objects(
        totals.objects(),
        NumberedPairs.count(given.objects()),
        components.cycles(),
        GrantShape.condensed(NestingDepth.of(holders, components)),
        GainCounts.widest(diff.objects(), numbers.keys()).stream()
            .limit(GrantShape.LISTED)
            .map(widest -> new GrantShape.Largest(widest.key(), widest.pairs()))
            .toList());
  }

  private List<GrantShape.Source> sources(SourceTotals totals) {
    List<GrantSources.Grant> all =
        Stream.concat(step.direct().stream(), step.through().stream()).toList();
    return IntStream.range(0, all.size())
        .mapToObj(
            place ->
                new GrantShape.Source(
                    all.get(place).from(),
                    place < given.direct().size() ? "direct" : "through",
                    totals.alone(place),
                    totals.beyond(place)))
        .toList();
  }
}
