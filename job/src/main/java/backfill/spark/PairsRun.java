package backfill.spark;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;

import backfill.membership.ObjectUsers;
import backfill.membership.Sets;
import backfill.membership.UserIndex;
import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.postgres.Target;
import backfill.postgres.WriteCounts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.roaringbitmap.RoaringBitmap;

/**
 * A step of pairs: grants are range-partitioned by object once, as sets, and an object's diff and
 * write stay in that partition. Sets become rows only for what must be written.
 */
final class PairsRun implements StepRun {
  private static final StructType FLATTENED =
      new StructType()
          .add("object", DataTypes.LongType, false)
          .add("justified", DataTypes.BinaryType, false)
          .add("toInsert", DataTypes.BinaryType, false)
          .add("planned", DataTypes.LongType, false)
          .add("missing", DataTypes.LongType, false)
          .add("missingDirect", DataTypes.LongType, false)
          .add("surplus", DataTypes.LongType, false);

  private final Step.Pairs step;
  private final Target target;
  private final Settings settings;
  private final Kept kept = new Kept();
  private GrantSets grants;
  private List<Dataset<Row>> granted;
  private Dataset<Row> flattened;

  PairsRun(Step.Pairs step, Target target, Settings settings) {
    this.step = step;
    this.target = target;
    this.settings = settings;
  }

  @Override
  public Step step() {
    return step;
  }

  @Override
  public List<String> columns() {
    return step.key();
  }

  @Override
  public void read(SnapshotReader reader, KeptSources sources) {
    grants = new GrantSets(step, target, settings, reader, sources, new long[0]);
  }

  @Override
  public void flatten() {
    granted = grants.granted();
  }

  @Override
  public StepPlan diff() {
    List<Dataset<Row>> parts = new ArrayList<>(granted);
    parts.add(grants.existing());
    flattened =
        kept.keep(
            ObjectSets.merge(
                parts, grants.groups(), step.write().writers(), PairsRun::subtracted, FLATTENED));
    Row sums = flattened.agg(total("planned"), total("missing"), total("surplus")).first();
    long planned = sums.getLong(0);
    long missing = sums.getLong(1);
    return new StepPlan(
        planned, planned - missing, missing, null, null, null, sums.getLong(2), Map.of());
  }

  private static Row subtracted(
      long object, ObjectUsers users, RoaringBitmap planned, RoaringBitmap written) {
    RoaringBitmap justified = users.justified();
    RoaringBitmap missing = RoaringBitmap.andNot(justified, users.existing());
    return RowFactory.create(
        object,
        Sets.bytes(justified),
        Sets.bytes(missing),
        justified.getLongCardinality(),
        missing.getLongCardinality(),
        (long) users.directOf(missing),
        users.surplus(justified));
  }

  private static org.apache.spark.sql.Column total(String column) {
    return coalesce(sum(column), lit(0L));
  }

  @Override
  public Gains gains() {
    Row sums = flattened.agg(total("missing"), total("missingDirect")).first();
    List<Gains.Gain> objects =
        top(flattened.select(col("object").as("key"), col("missing").as("pairs")));
    Broadcast<UserIndex> users = grants.users();
    MapPartitionsFunction<Row, Row> counting = rows -> UserCounts.of(rows, users.value());
    Dataset<Row> counted =
        flattened
            .where("missing > 0")
            .select("toInsert")
            .mapPartitions(counting, Encoders.row(UserCounts.SCHEMA))
            .groupBy("key")
            .agg(sum("pairs").as("pairs"));
    long direct = sums.getLong(1);
    return new Gains(direct, sums.getLong(0) - direct, top(counted), objects);
  }

  private static List<Gains.Gain> top(Dataset<Row> rows) {
    return rows
        .where("pairs > 0")
        .orderBy(col("pairs").desc(), col("key"))
        .limit(Gains.LISTED)
        .collectAsList()
        .stream()
        .map(row -> new Gains.Gain(row.getLong(0), row.getLong(1)))
        .toList();
  }

  @Override
  public WriteCounts write(Sink sink) {
    Broadcast<UserIndex> users = grants.users();
    MapPartitionsFunction<Row, Row> expand = rows -> new PairRows(rows, users.value());
    StructType pairs =
        new StructType()
            .add(step.into().object(), DataTypes.LongType, false)
            .add(step.into().user(), DataTypes.LongType, false);
    return sink.write(
        flattened
            .where("missing > 0")
            .select("object", "toInsert")
            .mapPartitions(expand, Encoders.row(pairs)));
  }

  @Override
  public Verified verify(SnapshotReader reader, KeptSources sources, WriteCounts written) {
    try (GrantSets now = new GrantSets(step, target, settings, reader, sources, plannedUsers())) {
      List<Dataset<Row>> parts = new ArrayList<>(now.granted());
      parts.add(now.existing());
      parts.add(renumbered("justified", PartialSetRows.Kind.PLANNED, now.users()));
      parts.add(renumbered("toInsert", PartialSetRows.Kind.WRITTEN, now.users()));
      return PairDifferences.between(
          ObjectSets.merge(
              parts,
              now.groups(),
              step.write().writers(),
              new PairDifferences(now.users()),
              PairDifferences.SCHEMA));
    }
  }

  /**
   * The users of every set that was planned, so that they keep a number when sources stop naming
   * them.
   */
  private long[] plannedUsers() {
    MapPartitionsFunction<Row, byte[]> unite =
        rows -> {
          RoaringBitmap all = new RoaringBitmap();
          rows.forEachRemaining(row -> all.or(Sets.set(row.getAs(0))));
          return List.of(Sets.bytes(all)).iterator();
        };
    RoaringBitmap all = new RoaringBitmap();
    flattened
        .select("justified")
        .mapPartitions(unite, Encoders.BINARY())
        .collectAsList()
        .forEach(part -> all.or(Sets.set(part)));
    UserIndex users = grants.users().value();
    return Arrays.stream(all.toArray()).mapToLong(users::key).toArray();
  }

  /** The sets of a column in the numbers of another index. */
  private Dataset<Row> renumbered(
      String column, PartialSetRows.Kind kind, Broadcast<UserIndex> now) {
    Broadcast<UserIndex> before = grants.users();
    MapPartitionsFunction<Row, Row> renumber =
        rows -> new Renumbering(rows, kind, before.value(), now.value());
    return flattened
        .where(kind == PartialSetRows.Kind.WRITTEN ? "missing > 0" : "planned > 0")
        .select("object", column)
        .mapPartitions(renumber, Encoders.row(PartialSetRows.SCHEMA));
  }

  @Override
  public void close() {
    kept.close();
    grants.close();
  }
}
