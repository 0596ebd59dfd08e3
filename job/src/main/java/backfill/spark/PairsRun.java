package backfill.spark;

import backfill.membership.Sets;
import backfill.membership.UserIndex;
import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.postgres.Parents;
import backfill.postgres.StepCounts;
import backfill.postgres.Target;
import backfill.postgres.WriteCounts;
import backfill.postgres.WritePart;
import backfill.postgres.WriteTarget;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.roaringbitmap.RoaringBitmap;
import scala.Tuple2;

/**
 * A step of pairs: grants are range-partitioned by object once, as sets, and an object's diff and
 * write stay in that partition. Sets become rows only for what must be written.
 */
final class PairsRun implements StepRun {
  private final Step.Pairs step;
  private final Target target;
  private final Settings settings;
  private final Kept kept = new Kept();
  private SparkSession session;
  private GrantSets grants;
  private ParentKeys parentKeys;
  private JavaPairRDD<Long, PartialSet> granted;
  private JavaRDD<ObjectPairs> flattened;
  private ObjectPairs.Totals totals;
  private StepPlan counts;

  PairsRun(Step.Pairs step, Target target, Settings settings) {
    this.step = step;
    this.target = target;
    this.settings = settings;
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
    grants = new GrantSets(step, target, settings, reader, sources, new long[0]);
    parentKeys = ParentKeys.read(target.parentsOf(step.key()), reader, sources);
  }

  @Override
  public void flatten() {
    granted = grants.granted();
  }

  @Override
  public StepPlan diff() {
    flattened =
        kept.keep(
            ObjectSets.merge(
                granted.union(grants.existing()),
                grants.groups(),
                step.write().writers(),
                ObjectPairs.deleting(step.deletes())));
    totals =
        flattened.aggregate(
            ObjectPairs.Totals.NONE, ObjectPairs.Totals::and, ObjectPairs.Totals::and);
    counts =
        new StepPlan(
            totals.planned(),
            totals.planned() - totals.missing(),
            totals.missing(),
            null,
            step.deletes() ? totals.surplus() : null,
            null,
            null,
            step.surplus() == Step.Surplus.IGNORE ? null : totals.surplus(),
            0,
            List.of(),
            totals.planned() - totals.missing() + totals.surplus(),
            Map.of(),
            Map.of());
    return counts;
  }

  @Override
  public PlannedChanges changes() {
    return new PlannedChanges(
        counts,
        rows(PairRows.Which.TO_INSERT),
        null,
        step.deletes() ? rows(PairRows.Which.TO_DELETE) : null);
  }

  @Override
  public Gains gains() {
    Broadcast<UserIndex> users = grants.users();
    JavaRDD<Gains.Gain> byUser =
        flattened
            .mapPartitionsToPair(objects -> UserCounts.of(objects, users.value()))
            .reduceByKey(Long::sum)
            .map(user -> new Gains.Gain(user._1(), user._2()));
    JavaRDD<Gains.Gain> byObject =
        flattened
            .filter(object -> object.missing() > 0)
            .map(object -> new Gains.Gain(object.object(), object.missing()));
    return new Gains(
        totals.missingDirect(),
        totals.missing() - totals.missingDirect(),
        byUser.top(Gains.LISTED),
        byObject.top(Gains.LISTED));
  }

  @Override
  public Optional<FanOut> widestUser() {
    return FanOut.widestUser(flattened, grants.users());
  }

  @Override
  public Optional<FanOut> widestObject() {
    return FanOut.widestObject(flattened);
  }

  @Override
  public Parents parents() {
    return parentKeys.parents();
  }

  @Override
  public WriteCounts write(WritePart part, Sink sink) {
    return sink.write(
        rows(
            part.operation() == WriteTarget.Operation.COMPARE_AND_DELETE
                ? PairRows.Which.TO_DELETE
                : PairRows.Which.TO_INSERT));
  }

  private Dataset<Row> rows(PairRows.Which which) {
    Broadcast<UserIndex> users = grants.users();
    JavaRDD<Row> rows =
        flattened.mapPartitions(objects -> new PairRows(objects, which, users.value()));
    return session.createDataFrame(
        rows,
        new StructType()
            .add(step.into().object(), DataTypes.LongType, false)
            .add(step.into().user(), DataTypes.LongType, false));
  }

  @Override
  public Verified verify(SnapshotReader reader, KeptSources sources, StepCounts written) {
    try (GrantSets now = new GrantSets(step, target, settings, reader, sources, plannedUsers())) {
      UserIndex index = now.users().value();
      WriteCounts deletes = written.deletes();
      List<List<String>> stayed =
          Stream.concat(deletes.leftKeys().stream(), deletes.rejectedKeys().stream()).toList();
      JavaPairRDD<Long, PartialSet> parts =
          now.granted()
              .union(now.existing())
              .union(plannedAndWritten(now.users()))
              .union(named(PartialSet.Kind.STAYED, stayed, index))
              .union(named(PartialSet.Kind.REJECTED, written.inserts().rejectedKeys(), index));
      return PairDifferences.between(
          ObjectSets.merge(
              parts, now.groups(), step.write().writers(), PairDifferences.judging(now.users())));
    }
  }

  /**
   * The users of every set that was planned, so that they keep a number when sources stop naming
   * them.
   */
  private long[] plannedUsers() {
    byte[] none = Sets.bytes(new RoaringBitmap());
    byte[] all =
        flattened
            .map(object -> united(object.justified(), object.toDelete()))
            .treeAggregate(none, PairsRun::united, PairsRun::united);
    UserIndex users = grants.users().value();
    return Arrays.stream(Sets.set(all).toArray()).mapToLong(users::key).toArray();
  }

  private static byte[] united(byte[] one, byte[] other) {
    return Sets.bytes(RoaringBitmap.or(Sets.set(one), Sets.set(other)));
  }

  /** What this run planned and wrote, in the users' numbers of another reading. */
  private JavaPairRDD<Long, PartialSet> plannedAndWritten(Broadcast<UserIndex> now) {
    Broadcast<UserIndex> before = grants.users();
    return flattened.flatMapToPair(
        object -> {
          Renumbering renumbering = new Renumbering(before.value(), now.value());
          return List.of(
                  part(object, PartialSet.Kind.PLANNED, renumbering.of(object.justified())),
                  part(object, PartialSet.Kind.WRITTEN, renumbering.of(object.toInsert())),
                  part(object, PartialSet.Kind.DELETED, renumbering.of(object.toDelete())))
              .iterator();
        });
  }

  /** Rows that writers named. */
  private JavaPairRDD<Long, PartialSet> named(
      PartialSet.Kind kind, List<List<String>> keys, UserIndex now) {
    Map<Long, RoaringBitmap> users = new HashMap<>();
    for (List<String> key : keys) {
      users
          .computeIfAbsent(Long.valueOf(key.get(0)), object -> new RoaringBitmap())
          .add((int) now.of(Long.parseLong(key.get(1))));
    }
    List<Tuple2<Long, PartialSet>> parts = new ArrayList<>();
    users.forEach(
        (object, members) -> parts.add(new Tuple2<>(object, PartialSet.of(kind, members))));
    return JavaSparkContext.fromSparkContext(session.sparkContext()).parallelizePairs(parts, 1);
  }

  private static Tuple2<Long, PartialSet> part(
      ObjectPairs object, PartialSet.Kind kind, byte[] members) {
    return new Tuple2<>(object.object(), new PartialSet(kind, members, 0));
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
