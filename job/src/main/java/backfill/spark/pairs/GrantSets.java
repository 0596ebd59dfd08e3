package backfill.spark.pairs;

import static backfill.spark.read.KeySpace.GROUPS;
import static backfill.spark.read.KeySpace.OBJECTS;
import static backfill.spark.read.KeySpace.USERS;

import backfill.membership.GroupUsers;
import backfill.membership.UserIndex;
import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.postgres.write.Target;
import backfill.spark.engine.KeptInSpark;
import backfill.spark.engine.Packed;
import backfill.spark.query.PairColumnNames;
import backfill.spark.read.KeptSources;
import backfill.spark.read.KeyMemoryLimit;
import backfill.spark.read.KeyRange;
import backfill.spark.read.KeySpace;
import backfill.spark.read.ReadPairs;
import backfill.spark.read.SnapshotReader;
import backfill.spark.step.Nesting;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import scala.Tuple2;

/**
 * What one snapshot says of a step of pairs: the sets of users that the sources grant for each
 * object, and those that the target has.
 */
final class GrantSets implements AutoCloseable {
  private static final Logger LOG = LogManager.getLogger(GrantSets.class);

  /** Numbers every int4, the same in each step. */
  private static final UserIndex INTEGERS = UserIndex.startingAt(Integer.MIN_VALUE);

  /** Of the rows that are kept together. */
  private static final int OBJECTS_SAMPLED = 1024;

  private final Step.Pairs step;
  private final Settings settings;
  private final JavaSparkContext spark;
  private final KeptInSpark kept = new KeptInSpark();
  private final KeptSources sources;
  private final StepKeyTypes types;
  private final StepKeys keys;
  private final List<JavaRDD<NumberedPairs>> members;
  private final List<JavaRDD<NumberedPairs>> nested;
  private final List<JavaRDD<NumberedPairs>> objects;
  private final List<JavaRDD<NumberedPairs>> leaves;
  private final List<JavaRDD<NumberedPairs>> throughGiven;
  private List<JavaRDD<NumberedPairs>> direct;
  private List<JavaRDD<NumberedPairs>> through;
  private Nesting objectNesting;
  private final Broadcast<UserIndex> users;
  private final PartialSetIterator.Numbering numbering;
  private final boolean numbersAlike;
  private final Packed<Tuple2<Long, PartialSet>> existing;
  private final Optional<Packed<Tuple2<Long, PartialSet>>> foreign;
  private GroupMap groups;

  /**
   * What another reading needs to find again in this one.
   *
   * @param users keys of users who must have a number, beside those whom the sources name
   * @param keys which must have a number, too; null where there was no other reading
   */
  record Earlier(long[] users, StepKeys keys) {
    static final Earlier NONE = new Earlier(new long[0], null);
  }

  /** Begins to read the target; the sources are read already. */
  GrantSets(
      Step.Pairs step,
      Target target,
      Settings settings,
      SnapshotReader reader,
      KeptSources sources,
      Earlier earlier) {
    this.step = step;
    this.settings = settings;
    this.sources = sources;
    this.spark = JavaSparkContext.fromSparkContext(sources.session().sparkContext());
    types = StepKeyTypes.of(step, target, sources);
    List<String> views = sources.views(step.reads());
    if (!views.isEmpty()) {
      // Their keys are looked at, and so they are computed.
      sources.begins(String.join(", ", views));
    }
    List<IdentifiedPairs> memberRows =
        step.members().stream()
            .map(
                m ->
                    read(
                        sources, m.from(), new PairColumnNames(m.group(), m.user()), GROUPS, USERS))
            .toList();
    List<IdentifiedPairs> nestedRows = nested(sources, step.nested(), GROUPS);
    List<IdentifiedPairs> objectRows = nested(sources, step.objects(), OBJECTS);
    List<IdentifiedPairs> leafRows =
        step.leaves().stream()
            .map(
                of ->
                    read(
                        sources,
                        of.from(),
                        new PairColumnNames(of.object(), of.object()),
                        OBJECTS,
                        OBJECTS))
            .toList();
    List<IdentifiedPairs> directRows = grants(sources, step.direct(), USERS);
    List<IdentifiedPairs> throughRows = grants(sources, step.through(), GROUPS);
    IdentifiedPairs targetRows = present(target, reader);
    keys =
        StepKeys.of(
            types,
            Stream.of(
                    memberRows,
                    nestedRows,
                    objectRows,
                    leafRows,
                    directRows,
                    throughRows,
                    List.of(targetRows))
                .flatMap(List::stream)
                .toList(),
            earlier.keys(),
            new KeyMemoryLimit(step.name(), settings.flatten().dictionaryBytes()),
            spark);
    members = numbered(memberRows);
    nested = numbered(nestedRows);
    objects = numbered(objectRows);
    leaves = numbered(leafRows);
    direct = numbered(directRows);
    throughGiven = numbered(throughRows);
    through = throughGiven;
    JavaRDD<NumberedPairs> present = targetRows.numbered(keys);
    numbersAlike = !keys.users().coded() && !keys.groups().coded() && !isWide(target);
    users = spark.broadcast(indexOf(target, present, earlier.users()));
    if (!views.isEmpty()) {
      sources.begins(target.table().name().toString());
    }
    numbering = numbersAlike ? INTEGERS::of : userNumber(users);
    existing = existing(present, PartialSetIterator.Unnumbered.COUNT, reader, kept);
    foreign = foreign(target, reader, kept);
  }

  private Packed<Tuple2<Long, PartialSet>> existing(
      JavaRDD<NumberedPairs> present,
      PartialSetIterator.Unnumbered unnumbered,
      SnapshotReader reader,
      KeptInSpark by) {
    return sets(present, PartialSet.Kind.EXISTING, unnumbered, reader, by);
  }

  private Optional<Packed<Tuple2<Long, PartialSet>>> foreign(
      Target target, SnapshotReader reader, KeptInSpark by) {
    return target
        .foreign()
        .map(
            others ->
                sets(
                    rows(target, reader, others).numbered(keys),
                    PartialSet.Kind.FOREIGN,
                    PartialSetIterator.Unnumbered.DROP,
                    reader,
                    by));
  }

  /** Begins to read them. */
  private Packed<Tuple2<Long, PartialSet>> sets(
      JavaRDD<NumberedPairs> pairs,
      PartialSet.Kind kind,
      PartialSetIterator.Unnumbered unnumbered,
      SnapshotReader reader,
      KeptInSpark by) {
    Packed<Tuple2<Long, PartialSet>> sets =
        Packed.keep(
            PartialSetIterator.of(pairs, kind, numbering, unnumbered).map(set -> set),
            PartialSetIterator.CODEC,
            by);
    reader.reads().begin(KeptInSpark.counts(sets.arrays(), array -> 1), all -> {});
    return sets;
  }

  private List<IdentifiedPairs> grants(
      KeptSources sources, List<Step.Grant> grants, KeySpace grantees) {
    return grants.stream()
        .map(
            grant ->
                read(
                    sources,
                    grant.from(),
                    new PairColumnNames(grant.object(), grant.grantee()),
                    OBJECTS,
                    grantees))
        .toList();
  }

  private List<IdentifiedPairs> nested(
      KeptSources sources, List<Step.Nested> nested, KeySpace space) {
    return nested.stream()
        .map(
            edges ->
                read(
                    sources,
                    edges.from(),
                    new PairColumnNames(edges.parent(), edges.child()),
                    space,
                    space))
        .toList();
  }

  private IdentifiedPairs read(
      KeptSources sources, String from, PairColumnNames columns, KeySpace keys, KeySpace members) {
    JavaRDD<ReadPairs> pairs = sources.pairs(from, columns, types.of(keys, members));
    return new IdentifiedPairs(types.stored(pairs, keys, members), keys, members);
  }

  private IdentifiedPairs present(Target target, SnapshotReader reader) {
    JavaRDD<ReadPairs> rows = rows(target, reader, target.where()).pairs();
    // Read once more for the numbers: of all keys, or of the users that no source names and whose
    // pairs are to go.
    boolean twice = types.of(OBJECTS, USERS).coded() || step.deletes();
    return new IdentifiedPairs(twice ? kept.keep(rows) : rows, OBJECTS, USERS);
  }

  private IdentifiedPairs rows(Target target, SnapshotReader reader, String where) {
    return new IdentifiedPairs(
        reader.readPairs(target.table(), PairColumnNames.of(step.into()), where), OBJECTS, USERS);
  }

  private List<JavaRDD<NumberedPairs>> numbered(List<IdentifiedPairs> rows) {
    return rows.stream().map(some -> some.numbered(keys)).toList();
  }

  private static PartialSetIterator.Numbering userNumber(Broadcast<UserIndex> index) {
    return key -> index.value().of(key);
  }

  /**
   * An int4 column needs no look-up at all, nor do numbers of a dictionary; int8 keys need one
   * where they span 2³² or more.
   */
  private UserIndex indexOf(Target target, JavaRDD<NumberedPairs> present, long[] alsoUsers) {
    if (keys.users().coded()) {
      return UserIndex.startingAt(0);
    }
    if (!isWide(target)) {
      return INTEGERS;
    }
    JavaRDD<Long> named =
        Stream.of(
                members.stream(),
                direct.stream(),
                Stream.of(present).filter(rows -> step.deletes()))
            .flatMap(each -> each)
            .map(pairs -> pairs.flatMap(some -> Arrays.stream(some.members()).iterator()))
            .reduce(JavaRDD::union)
            .orElseThrow();
    KeyRange range = named.aggregate(KeyRange.of(alsoUsers), KeyRange::and, KeyRange::and);
    UserIndex spanned = UserIndex.startingAt(range.smallest());
    if (spanned.of(range.largest()) != UserIndex.UNKNOWN || range.isEmpty()) {
      return spanned;
    }
    return UserIndex.of(
        Stream.concat(named.distinct().collect().stream(), Arrays.stream(alsoUsers).boxed())
            .mapToLong(Long::longValue)
            .sorted()
            .distinct()
            .toArray());
  }

  private boolean isWide(Target target) {
    return "bigint".equals(target.table().column(step.into().user()).orElseThrow().castType());
  }

  /** Whether a user's number depends on which other users there are. */
  boolean numbersByUse(Target target) {
    return !keys.users().coded() && isWide(target);
  }

  /** The sets that the sources grant; decides how the group map travels. */
  JavaPairRDD<Long, PartialSet> granted() {
    passOn();
    List<JavaPairRDD<Long, PartialSet>> sets = new ArrayList<>();
    for (JavaRDD<NumberedPairs> grants : direct) {
      sets.add(
          PartialSetIterator.of(
              grants, PartialSet.Kind.DIRECT, numbering, PartialSetIterator.Unnumbered.REFUSE));
    }
    if (!through.isEmpty()) {
      groups =
          numbersAlike
              ? sources.inPairs().shared(mapOf(), GroupMap.class, this::mapped)
              : mapped(kept);
      LOG.info("flatten {}: {}", step.name(), groups.description());
      int partitions = step.write().writers();
      through.forEach(grants -> sets.add(groups.grantSets(grants, partitions)));
    }
    return sets.stream().reduce(JavaPairRDD::union).orElseThrow();
  }

  /**
   * Steps that name these have one map. Of nested groups only those are closed that are granted.
   */
  private Object mapOf() {
    return step.nested().isEmpty()
        ? step.members()
        : List.of(step.members(), step.nested(), step.through());
  }

  /** From here on the sources grant objects what those grant that they are within. */
  private void passOn() {
    if (!objects.isEmpty()) {
      NestedObjects tree = new NestedObjects(objects, leaves, memory(), kept, spark);
      objectNesting = tree.told(keys.objects());
      direct = direct.stream().map(tree::passedOn).toList();
      through = through.stream().map(tree::passedOn).toList();
    }
  }

  private NestingMemory memory() {
    return new NestingMemory(step.name(), settings.flatten().nestedBytes());
  }

  private GroupMap mapped(KeptInSpark by) {
    if (!nested.isEmpty()) {
      NestedGroups graph = NestedGroups.of(nested, memory(), spark);
      return GroupMap.closed(
          graph.users(GroupMap.parts(members, numbering), throughGiven),
          graph.told(keys.groups()),
          settings.flatten().broadcastBytes(),
          by,
          spark);
    }
    return GroupMap.of(members, numbering, settings.flatten().broadcastBytes(), by, spark);
  }

  /**
   * Objects as often as rows name them, of many rows some. Taken of the rows and not of the sets,
   * which would be made once more for it.
   */
  JavaRDD<Long> sampledObjects() {
    return Stream.concat(direct.stream(), through.stream())
        .map(grants -> grants.flatMap(GrantSets::sampled))
        .reduce(existing.elements().map(Tuple2::_1), JavaRDD::union);
  }

  private static Iterator<Long> sampled(NumberedPairs some) {
    int every = 1 + some.size() / OBJECTS_SAMPLED;
    return IntStream.range(0, some.size() / every).mapToObj(i -> some.keys()[i * every]).iterator();
  }

  /** The sets that the target has, of the step's own rows and of others. */
  JavaPairRDD<Long, PartialSet> present() {
    return both(existing, foreign);
  }

  /**
   * Begins to read the same in another snapshot. An object or a user without a number here is none
   * that was planned: it is left out.
   */
  JavaPairRDD<Long, PartialSet> presentIn(Target target, SnapshotReader reader, KeptInSpark by) {
    return both(
        existing(
            rows(target, reader, target.where()).numbered(keys),
            PartialSetIterator.Unnumbered.DROP,
            reader,
            by),
        foreign(target, reader, by));
  }

  private static JavaPairRDD<Long, PartialSet> both(
      Packed<Tuple2<Long, PartialSet>> own, Optional<Packed<Tuple2<Long, PartialSet>>> others) {
    JavaPairRDD<Long, PartialSet> sets = own.elements().mapToPair(set -> set);
    return others.map(foreign -> sets.union(foreign.elements().mapToPair(set -> set))).orElse(sets);
  }

  /**
   * What gives users an object, each apart: direct sources by their places, and groups. The group
   * map travels as it did for {@link #granted}.
   *
   * @param objects those that are asked for, and perhaps some more
   */
  JavaPairRDD<Long, PartialSet> reasons(SomeObjects objects) {
    Broadcast<SomeObjects> wanted = spark.broadcast(objects);
    kept.release(wanted::destroy);
    List<JavaPairRDD<Long, PartialSet>> sets = new ArrayList<>();
    for (int place = 0; place < direct.size(); place++) {
      long giver = place;
      sets.add(
          PartialSetIterator.of(
                  wanted(direct.get(place), wanted),
                  PartialSet.Kind.DIRECT,
                  numbering,
                  PartialSetIterator.Unnumbered.REFUSE)
              .mapValues(set -> set.by(giver)));
    }
    for (JavaRDD<NumberedPairs> grants : through) {
      sets.add(groups.reasonSets(wanted(grants, wanted), step.write().writers()));
    }
    return sets.stream().reduce(JavaPairRDD::union).orElseThrow();
  }

  private static JavaRDD<NumberedPairs> wanted(
      JavaRDD<NumberedPairs> grants, Broadcast<SomeObjects> objects) {
    return grants.map(some -> some.keeping(objects.value()::mayHave));
  }

  SparkSession session() {
    return sources.session();
  }

  /** Numbers users; where {@link #keys} has numbers for them, these. */
  Broadcast<UserIndex> users() {
    return users;
  }

  /** Numbers objects and users. */
  StepKeys keys() {
    return keys;
  }

  /** What is nested in what; known once they are {@link #granted}. */
  Nesting.OfStep nesting() {
    return new Nesting.OfStep(groups == null ? null : groups.nesting(), objectNesting);
  }

  /** The group map, where it was broadcast; else null. */
  Broadcast<GroupUsers> groups() {
    return groups == null ? null : groups.broadcast();
  }

  @Override
  public void close() {
    kept.close();
    users.destroy();
    keys.destroy();
    if (groups != null && !numbersAlike) {
      groups.letGo();
    }
  }
}
