package backfill.spark.pairs;

import static backfill.spark.query.Cells.cells;

import backfill.membership.GroupUsers;
import backfill.membership.NestedWays;
import backfill.membership.UserIndex;
import backfill.plan.GrantSources;
import backfill.plan.Never;
import backfill.plan.Step;
import backfill.postgres.write.SetColumn;
import backfill.postgres.write.Target;
import backfill.postgres.write.WritePart;
import backfill.spark.diff.DiffShape;
import backfill.spark.diff.DiffSum;
import backfill.spark.diff.StepDiff;
import backfill.spark.engine.Derived;
import backfill.spark.step.DiffCounts;
import backfill.spark.step.DiffRowsets;
import backfill.spark.step.FanOut;
import backfill.spark.step.Gains;
import backfill.spark.step.GrantShape;
import backfill.spark.step.Losses;
import backfill.spark.step.RowsToSet;
import backfill.spark.step.ToldDiff;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import scala.Tuple2;

/** What is told of the pairs that a step would add or delete. */
final class ToldPairs implements ToldDiff {
  private final Step.Pairs step;
  private final GrantSets grants;
  private final FlattenedGrants granted;
  private final PairsDiff diff;
  private final DiffCounts counts;
  private final DiffShape shape;

  /** What a new row gets in the columns that are set; null where the server is asked for each. */
  private final String[] set;

  /**
   * @param varying the target's columns whose values are others in each run
   */
  ToldPairs(
      Step.Pairs step,
      Target target,
      Set<String> varying,
      GrantSets grants,
      FlattenedGrants granted,
      PairsDiff diff) {
    this.step = step;
    this.grants = grants;
    this.granted = granted;
    this.diff = diff;
    this.counts = diff.counts(step, grants.keys());
    this.set = target.set().stream().map(SetColumn::text).toArray(String[]::new);
    this.shape =
        DiffShape.ofPairs(
            step,
            target.table().name().toString(),
            target.set().stream().map(SetColumn::name).toList(),
            varying);
  }

  @Override
  public DiffCounts counts() {
    return counts;
  }

  @Override
  public Gains gains() {
    return GainCounts.gains(diff.objects(), diff.totals(), grants.users(), grants.keys());
  }

  @Override
  public GrantShape shape() {
    return granted.shape(diff);
  }

  @Override
  public List<RowsToSet> toSet() {
    if (diff.totals().different() == 0) {
      return List.of();
    }
    Dataset<Row> rows = rows(DiffRows.Which.TO_SET);
    return List.of(
        new RowsToSet(
            step.into().level().orElseThrow(),
            rows.limit(Gains.LISTED).collectAsList().stream().map(ToldPairs::change).toList()));
  }

  /** The key, what it gets, and what it held. */
  private static RowsToSet.Change change(Row row) {
    int values = row.length() - 2;
    return new RowsToSet.Change(
        IntStream.range(0, values).mapToObj(i -> String.valueOf(row.get(i))).toList(),
        row.isNullAt(values + 1) ? null : String.valueOf(row.get(values + 1)),
        String.valueOf(row.get(values)));
  }

  @Override
  public Losses losses() {
    return step.deletes() ? GainCounts.losses(diff.objects(), grants.users(), grants.keys()) : null;
  }

  @Override
  public Optional<FanOut> widestUser(Set<String> except) {
    return WidestPairs.widestUser(diff.objects(), grants.users(), grants.keys(), except);
  }

  @Override
  public Optional<FanOut> widestObject(Set<String> except) {
    return WidestPairs.widestObject(diff.objects(), grants.keys(), except);
  }

  @Override
  public DiffRowsets changes() {
    return new DiffRowsets(
        rows(DiffRows.Which.TO_INSERT),
        step.into().level().isEmpty()
            ? null
            : rows(DiffRows.Which.TO_SET).select(cells(step.filled())),
        step.deletes() ? rows(DiffRows.Which.TO_DELETE).select(cells(step.key())) : null);
  }

  /** Reasons are looked for only of objects to which a pair is to be added. */
  @Override
  public StepDiff rows() {
    JavaRDD<Tuple2<Long, PartialSet>> reasons =
        ObjectSets.sorted(granted.reasons(SomeObjects.gaining(diff.objects())), diff.ranges());
    List<String> sources = step.direct().stream().map(GrantSources.Grant::from).toList();
    Broadcast<GroupUsers> groups = granted.groups();
    Broadcast<NestedWays> ways = granted.ways();
    Broadcast<UserIndex> users = grants.users();
    StepKeys keys = grants.keys();
    String[] alike = set;
    return new StepDiff(
        shape,
        diff.objects()
            .zipPartitions(
                reasons,
                (objects, parts) ->
                    new PairChanges(
                        objects,
                        new PairReasons.Ahead(parts),
                        new PairReasons(
                            sources,
                            keys,
                            groups == null ? null : groups.value(),
                            ways == null ? null : ways.value()),
                        users.value(),
                        keys,
                        alike)));
  }

  @Override
  public DiffSum checksum() {
    DiffShape of = shape;
    Broadcast<UserIndex> users = grants.users();
    StepKeys keys = grants.keys();
    String[] alike = set;
    return DiffSum.of(
        Derived.ofPartitions(
            diff.objects(),
            objects ->
                List.of(PairChanges.sum(objects, of, users.value(), keys, alike)).iterator()));
  }

  @Override
  public Dataset<Row> rows(WritePart part) {
    return rows(DiffRows.Which.of(part));
  }

  private Dataset<Row> rows(DiffRows.Which which) {
    Broadcast<UserIndex> users = grants.users();
    StepKeys keys = grants.keys();
    JavaRDD<Row> rows =
        Derived.ofPartitions(
            diff.objects(), objects -> new DiffRows(objects, which, users.value(), keys));
    List<DataType> types = keys.row().of(keys.objects().dataTypes(), keys.users().dataTypes());
    StructType schema = new StructType();
    for (int column = 0; column < types.size(); column++) {
      schema = schema.add(step.key().get(column), types.get(column), false);
    }
    if (step.into().level().isPresent()) {
      String level = step.into().level().get();
      schema = schema.add(level, keys.levels().dataType(), true);
      schema =
          which == DiffRows.Which.TO_SET
              ? schema.add(Never.BEFORE + level, keys.levels().dataType(), true)
              : schema;
    }
    return grants.session().createDataFrame(rows, schema);
  }
}
