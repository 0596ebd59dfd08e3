package backfill.spark.pairs;

import backfill.membership.BitmapBytes;
import backfill.membership.GroupUsers;
import backfill.membership.UserIndex;
import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.postgres.ledger.Operation;
import backfill.postgres.ledger.StepCounts;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.write.Parents;
import backfill.postgres.write.Target;
import backfill.postgres.write.WritePart;
import backfill.spark.diff.DiffShape;
import backfill.spark.diff.DiffSum;
import backfill.spark.diff.StepDiff;
import backfill.spark.engine.KeptInSpark;
import backfill.spark.engine.Packed;
import backfill.spark.read.KeptSources;
import backfill.spark.read.KeyNumbers;
import backfill.spark.read.SnapshotReader;
import backfill.spark.sink.Sink;
import backfill.spark.step.DiffCounts;
import backfill.spark.step.DiffRowsets;
import backfill.spark.step.FanOut;
import backfill.spark.step.Gains;
import backfill.spark.step.Losses;
import backfill.spark.step.RowsToSet;
import backfill.spark.step.SnapshotParentKeys;
import backfill.spark.step.StepRun;
import backfill.spark.step.Verified;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.roaringbitmap.RoaringBitmap;
import scala.Tuple2;

/**
 * A step of pairs: grants are range-partitioned by object once, as sets, and an object's diff and
 * write stay in that partition. Sets become rows only for what must be written.
 */
public final class PairsRun implements StepRun {
  private final Step.Pairs step;
  private final Target target;
  private final Settings settings;
  private final Map<String, Set<String>> varyingSources;
  private Set<String> varying;
  private final KeptInSpark kept = new KeptInSpark();
  private SparkSession session;
  private GrantSets grants;
  private SnapshotParentKeys parentKeys;
  private JavaPairRDD<Long, PartialSet> granted;
  private Partitioner ranges;
  private JavaRDD<ObjectDiff> flattened;
  private ObjectDiff.Totals totals;
  private DiffCounts counts;

  /**
   * @param varyingSources source to its columns that have other values in each run
   */
  public PairsRun(
      Step.Pairs step, Target target, Settings settings, Map<String, Set<String>> varyingSources) {
    this.step = step;
    this.target = target;
    this.settings = settings;
    this.varyingSources = varyingSources;
  }

  @Override
  public Step.Fill step() {
    return step;
  }

  @Override
  public Target target() {
    return target;
  }

  @Override
  public List<WritePart> parts() {
    return WritePart.of(step, step.key());
  }

  @Override
  public void read(SnapshotReader reader, KeptSources sources) {
    session = sources.session();
    varying = varying(sources);
    grants = new GrantSets(step, target, settings, reader, sources, GrantSets.Earlier.NONE);
    parentKeys =
        SnapshotParentKeys.read(target.parentsOf(step.key()), this::numbers, reader, sources);
  }

  private Set<String> varying(KeptSources sources) {
    Set<String> columns = new HashSet<>();
    for (List<Step.Grant> grants : List.of(step.direct(), step.through())) {
      for (Step.Grant grant : grants) {
        if (sources.varying(grant.from(), varyingSources).contains(grant.object())) {
          columns.add(step.into().object());
        }
      }
    }
    boolean users =
        step.direct().stream()
                .anyMatch(
                    grant ->
                        sources.varying(grant.from(), varyingSources).contains(grant.grantee()))
            || step.members().stream()
                .anyMatch(
                    member ->
                        sources.varying(member.from(), varyingSources).contains(member.user()));
    if (users) {
      columns.add(step.into().user());
    }
    return columns;
  }

  @Override
  public Set<String> varying() {
    return varying;
  }

  /** Which numbers stand for the keys of one of the target's columns. */
  private KeyNumbers numbers(String column) {
    return column.equals(step.into().user()) ? grants.keys().users() : grants.keys().objects();
  }

  @Override
  public void flatten() {
    granted = grants.granted();
  }

  @Override
  public DiffCounts diff() {
    JavaPairRDD<Long, PartialSet> parts = granted.union(grants.present());
    ranges = ObjectSets.ranges(grants.sampledObjects(), step.write().writers());
    flattened =
        Packed.keep(
                ObjectSets.merge(
                        parts, grants.groups(), ranges, ObjectDiff.deleting(step.deletes()))
                    .filter(object -> !object.isEmpty()),
                ObjectDiff.CODEC,
                kept)
            .elements();
    totals =
        flattened.aggregate(ObjectDiff.Totals.NONE, ObjectDiff.Totals::and, ObjectDiff.Totals::and);
    long present = totals.planned() - totals.missing() - totals.foreign();
    counts =
        new DiffCounts(
            totals.planned(),
            new DiffCounts.Found(
                present,
                step.owns().isEmpty() ? null : totals.foreign(),
                null,
                null,
                step.surplus() == Step.Surplus.IGNORE ? null : totals.surplus(),
                present + totals.surplus()),
            new DiffCounts.RowsToWrite(
                totals.missing(), null, step.deletes() ? totals.surplus() : null),
            DiffCounts.Unfit.NONE,
            Map.of(),
            Map.of());
    return counts;
  }

  @Override
  public DiffRowsets changes() {
    return new DiffRowsets(
        counts,
        rows(DiffRows.Which.TO_INSERT),
        null,
        step.deletes() ? rows(DiffRows.Which.TO_DELETE) : null);
  }

  /** Reasons are looked for only of objects to which a pair is to be added. */
  @Override
  public StepDiff toTell() {
    JavaRDD<Tuple2<Long, PartialSet>> reasons = ObjectSets.sorted(grants.reasons(wanted()), ranges);
    List<String> sources = step.direct().stream().map(Step.Grant::from).toList();
    Broadcast<GroupUsers> groups = grants.groups();
    Broadcast<UserIndex> users = grants.users();
    StepKeys keys = grants.keys();
    return new StepDiff(
        shape(),
        flattened.zipPartitions(
            reasons,
            (objects, parts) ->
                new PairChanges(
                    objects,
                    new PairReasons.Ahead(parts),
                    new PairReasons(sources, keys, groups == null ? null : groups.value()),
                    users.value(),
                    keys)));
  }

  private Broadcast<SomeObjects> wanted() {
    Broadcast<SomeObjects> wanted =
        JavaSparkContext.fromSparkContext(session.sparkContext())
            .broadcast(SomeObjects.gaining(flattened));
    kept.release(wanted::destroy);
    return wanted;
  }

  private DiffShape shape() {
    return DiffShape.ofKeys(step.name(), target.table().name().toString(), step.key(), varying);
  }

  @Override
  public DiffSum checksum() {
    DiffShape shape = shape();
    Broadcast<UserIndex> users = grants.users();
    StepKeys keys = grants.keys();
    return DiffSum.of(
        flattened.mapPartitions(
            objects -> List.of(PairChanges.sum(objects, shape, users.value(), keys)).iterator()));
  }

  @Override
  public Dataset<Row> rows(WritePart part) {
    return rows(
        part.operation() == Operation.COMPARE_AND_DELETE
            ? DiffRows.Which.TO_DELETE
            : DiffRows.Which.TO_INSERT);
  }

  @Override
  public Gains gains() {
    return GainCounts.gains(flattened, totals, grants.users(), grants.keys());
  }

  @Override
  public List<RowsToSet> toSet() {
    return List.of();
  }

  @Override
  public Losses losses() {
    return step.deletes() ? GainCounts.losses(flattened, grants.users(), grants.keys()) : null;
  }

  @Override
  public Optional<FanOut> widestUser(Set<String> except) {
    return WidestPairs.widestUser(flattened, grants.users(), grants.keys(), except);
  }

  @Override
  public Optional<FanOut> widestObject(Set<String> except) {
    return WidestPairs.widestObject(flattened, grants.keys(), except);
  }

  @Override
  public Parents parents() {
    return parentKeys.parents();
  }

  @Override
  public WriteCounts write(WritePart part, Sink sink) {
    return SetWriter.write(
        sink.config(),
        flattened,
        part.operation() == Operation.COMPARE_AND_DELETE
            ? DiffRows.Which.TO_DELETE
            : DiffRows.Which.TO_INSERT,
        grants.users(),
        grants.keys());
  }

  @Override
  public Map<String, Long> columnsSet(StepCounts written) {
    return Map.of();
  }

  private Dataset<Row> rows(DiffRows.Which which) {
    Broadcast<UserIndex> users = grants.users();
    StepKeys keys = grants.keys();
    JavaRDD<Row> rows =
        flattened.mapPartitions(objects -> new DiffRows(objects, which, users.value(), keys));
    return session.createDataFrame(
        rows,
        new StructType()
            .add(step.into().object(), keys.objects().dataType(), false)
            .add(step.into().user(), keys.users().dataType(), false));
  }

  @Override
  public Verified verify(SnapshotReader reader, KeptSources sources, StepCounts written) {
    GrantSets.Earlier earlier = new GrantSets.Earlier(plannedUsers(), grants.keys());
    try (GrantSets now = new GrantSets(step, target, settings, reader, sources, earlier)) {
      WriteCounts deletes = written.deletes();
      List<List<String>> stayed =
          Stream.concat(deletes.leftKeys().stream(), deletes.rejectedKeys().stream()).toList();
      JavaPairRDD<Long, PartialSet> granted = now.granted();
      // The target is read beside that until here; what comes next finds it kept, and reads it no
      // second time.
      reader.reads().finish();
      JavaPairRDD<Long, PartialSet> parts =
          granted
              .union(now.present())
              .union(plannedAndWritten(now))
              .union(named(PartialSet.Kind.STAYED, stayed, now))
              .union(named(PartialSet.Kind.REJECTED, written.inserts().rejectedKeys(), now));
      return PairDifferences.between(
          ObjectSets.merge(
              parts,
              now.groups(),
              rangesFor(now),
              PairDifferences.judging(now.users(), now.keys())));
    }
  }

  /** The same objects as before, but for a few, unless they have got other numbers. */
  private Partitioner rangesFor(GrantSets now) {
    return now.keys().objects().coded()
        ? ObjectSets.ranges(now.sampledObjects(), step.write().writers())
        : ranges;
  }

  /**
   * The users of every set that was planned, so that they keep a number when sources stop naming
   * them. Those that a dictionary numbers keep it with the dictionary, and narrow integers always.
   */
  private long[] plannedUsers() {
    if (!grants.numbersByUse(target)) {
      return new long[0];
    }
    byte[] none = BitmapBytes.bytes(new RoaringBitmap());
    byte[] all =
        flattened
            .map(object -> united(object.justified(), object.toDelete()))
            .treeAggregate(none, PairsRun::united, PairsRun::united);
    UserIndex users = grants.users().value();
    return Arrays.stream(BitmapBytes.set(all).toArray()).mapToLong(users::key).toArray();
  }

  private static byte[] united(byte[] one, byte[] other) {
    return BitmapBytes.bytes(RoaringBitmap.or(BitmapBytes.set(one), BitmapBytes.set(other)));
  }

  /** What this run planned and wrote, in the numbers of another reading. */
  private JavaPairRDD<Long, PartialSet> plannedAndWritten(GrantSets now) {
    Renumbering by =
        Renumbering.between(grants, now, JavaSparkContext.fromSparkContext(session.sparkContext()));
    return flattened.flatMapToPair(
        object ->
            List.of(
                    part(object, PartialSet.Kind.PLANNED, object.justified(), by),
                    part(object, PartialSet.Kind.WRITTEN, object.toInsert(), by),
                    part(object, PartialSet.Kind.DELETED, object.toDelete(), by))
                .iterator());
  }

  /** Rows that writers named. */
  private JavaPairRDD<Long, PartialSet> named(
      PartialSet.Kind kind, List<List<String>> keys, GrantSets now) {
    UserIndex index = now.users().value();
    Map<Long, RoaringBitmap> users = new HashMap<>();
    for (List<String> key : keys) {
      users
          .computeIfAbsent(now.keys().objects().number(key.get(0)), object -> new RoaringBitmap())
          .add((int) index.of(now.keys().users().number(key.get(1))));
    }
    List<Tuple2<Long, PartialSet>> parts = new ArrayList<>();
    users.forEach(
        (object, members) -> parts.add(new Tuple2<>(object, PartialSet.of(kind, members))));
    return JavaSparkContext.fromSparkContext(session.sparkContext()).parallelizePairs(parts, 1);
  }

  private static Tuple2<Long, PartialSet> part(
      ObjectDiff object, PartialSet.Kind kind, byte[] members, Renumbering by) {
    return new Tuple2<>(by.object(object.object()), new PartialSet(kind, by.users(members), 0));
  }

  @Override
  public void close() {
    kept.close();
    if (grants != null) {
      grants.close();
    }
    if (parentKeys != null) {
      parentKeys.close();
    }
  }
}
