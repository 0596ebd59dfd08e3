package backfill.spark.rows;

import static backfill.spark.query.Cells.cell;
import static backfill.spark.query.Cells.cells;

import backfill.plan.Never;
import backfill.plan.Step;
import backfill.postgres.catalog.ParentKey;
import backfill.postgres.catalog.Table;
import backfill.postgres.ledger.Operation;
import backfill.postgres.ledger.StepCounts;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.preflight.GivenType;
import backfill.postgres.write.Parents;
import backfill.postgres.write.Target;
import backfill.postgres.write.WritePart;
import backfill.spark.diff.DiffSum;
import backfill.spark.diff.StepDiff;
import backfill.spark.engine.KeptInSpark;
import backfill.spark.query.Cells;
import backfill.spark.read.KeptSources;
import backfill.spark.read.KeyNumbers;
import backfill.spark.read.MatchKey;
import backfill.spark.read.SameValues;
import backfill.spark.read.SnapshotReader;
import backfill.spark.read.UnfitRowsException;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.plans.logical.LocalRelation;

/**
 * A step of rows: the query's rows are matched with the target's by key. A row is written only
 * where it is absent or a value differs; and one that is set or deleted goes along with the values
 * that were read, so that another's change is never overwritten.
 */
public final class RowsRun implements StepRun {
  private final Step.Rows step;
  private final Target target;
  private final MatchKey key;
  private final Table table;
  private final Map<String, GivenType> given;
  private final Map<String, Set<String>> varyingSources;
  private Set<String> varying;
  private final KeptInSpark kept = new KeptInSpark();
  private JavaSparkContext spark;
  private boolean idle;
  private Dataset<Row> query;
  private FittingRows planned;
  private Dataset<Row> current;
  private Optional<Dataset<Row>> foreign;
  private long currentRows;
  private RowsMatch match;
  private SameValues same;
  private SnapshotParentKeys parentKeys;
  private List<String> outputs;
  private Map<String, Long> unmatched;
  private DiffCounts counts;

  /**
   * @param given what the step's query gives, as preflight has it
   * @param varyingSources source to its columns that have other values in each run
   */
  public RowsRun(
      Step.Rows step,
      Target target,
      Map<String, GivenType> given,
      Map<String, Set<String>> varyingSources) {
    this.step = step;
    this.target = target;
    this.key = MatchKey.of(step, target);
    this.table = target.table().inTexts(key.loose());
    this.given = given;
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
  public void read(SnapshotReader reader, KeptSources sources) {
    query = sources.query(step.query());
    spark = JavaSparkContext.fromSparkContext(sources.session().sparkContext());
    outputs = List.of(query.columns());
    varying = sources.varying(query, varyingSources);
    unmatched = unmatched(sources);
    if (!unmatched.isEmpty()) {
      sources.begins(target.table().name().toString());
    }
    idle = isIdle(query, sources);
    if (idle) {
      return;
    }
    same = reader.same(table, WritePart.compared(step, outputs));
    planned =
        FittingRows.of(
            step, key, target.table().inTexts(), new FittingRows.Given(query, given), reader, kept);
    current = kept.keep(RowsMatch.current(readTarget(reader)));
    reader
        .reads()
        .begin(
            KeptInSpark.counts(current),
            rows -> currentRows = rows.stream().mapToLong(Long::longValue).sum());
    foreign = readForeign(reader).map(kept::keep);
    foreign.ifPresent(rows -> reader.reads().begin(KeptInSpark.counts(rows), counts -> {}));
    parentKeys =
        SnapshotParentKeys.read(
            target.parentsOf(outputs), column -> KeyNumbers.INTEGERS, reader, sources);
  }

  /**
   * Whether there is nothing to do, whatever the target has: then it is not read. Said by the
   * optimizer alone, which follows sources without rows through the query.
   */
  private boolean isIdle(Dataset<Row> query, KeptSources sources) {
    return step.surplus() == Step.Surplus.IGNORE
        && sources.someAreEmpty(step)
        && query.queryExecution().optimizedPlan() instanceof LocalRelation rows
        && rows.data().isEmpty();
  }

  private Dataset<Row> readTarget(SnapshotReader reader) {
    return reader.read(table, WritePart.read(step, outputs, target), target.where());
  }

  private Optional<Dataset<Row>> readForeign(SnapshotReader reader) {
    return target
        .foreign()
        .map(others -> RowsMatch.foreign(reader.read(table, step.key(), others)));
  }

  private static Dataset<Row> beside(Dataset<Row> rows, Optional<Dataset<Row>> others) {
    return others.map(more -> rows.unionByName(more, true)).orElse(rows);
  }

  private Map<String, Long> unmatched(KeptSources sources) {
    Map<String, Long> numbers = new LinkedHashMap<>();
    step.unmatched()
        .forEach(
            (name, query) -> {
              sources.begins("unmatched." + name);
              List<Row> answer = sources.query(query).limit(2).collectAsList();
              if (answer.size() != 1
                  || answer.get(0).size() != 1
                  || !(answer.get(0).get(0) instanceof Number number)) {
                throw new UnfitRowsException(
                    "step "
                        + step.name()
                        + ": unmatched."
                        + name
                        + " must give one row with one number, as count(*) does; it gives "
                        + answer);
              }
              numbers.put(name, number.longValue());
            });
    return numbers;
  }

  @Override
  public void flatten() {
    if (!idle) {
      planned.refuseTwice();
    }
  }

  @Override
  public DiffCounts diff() {
    if (idle) {
      Map<String, Long> changes = new LinkedHashMap<>();
      WritePart.compared(step, outputs).forEach(column -> changes.put(column, 0L));
      counts =
          DiffCounts.ofRows(step, DiffCounts.StateCounts.NONE, changes)
              .with(unmatched, DiffCounts.Unfit.NONE);
      return counts;
    }
    match = matchOf(planned.rows(), beside(current, foreign), kept);
    counts =
        match
            .counts(currentRows)
            .with(unmatched, new DiffCounts.Unfit(planned.unfit(), planned.rejections()));
    return counts;
  }

  private RowsMatch matchOf(Dataset<Row> rows, Dataset<Row> present, KeptInSpark by) {
    return new RowsMatch(step, key, rows, present, same, by);
  }

  @Override
  public Gains gains() {
    return idle || counts.toInsert() == null || !namesAnybody()
        ? null
        : new Gains(
            null,
            null,
            most(step.into().user(), match::gaining),
            most(step.into().object(), match::gaining));
  }

  private boolean namesAnybody() {
    return step.into().user().isPresent() || step.into().object().isPresent();
  }

  private static List<Gains.Gainer> most(
      Optional<String> column, Function<String, List<Gains.Gainer>> counted) {
    return column.map(counted).orElse(List.of());
  }

  @Override
  public List<RowsToSet> toSet() {
    return counts.toUpdate() == null || counts.toUpdate() == 0 ? List.of() : match.toSet();
  }

  @Override
  public Losses losses() {
    return idle || !step.deletes() || !namesAnybody()
        ? null
        : new Losses(
            most(step.into().user(), match::losing), most(step.into().object(), match::losing));
  }

  @Override
  public Optional<FanOut> widestUser(Set<String> except) {
    return idle ? Optional.empty() : step.into().user().flatMap(of -> match.widest(of, except));
  }

  @Override
  public Optional<FanOut> widestObject(Set<String> except) {
    return idle ? Optional.empty() : step.into().object().flatMap(of -> match.widest(of, except));
  }

  @Override
  public DiffRowsets changes() {
    if (idle) {
      return new DiffRowsets(counts, null, null, null);
    }
    Dataset<Row> inserts = null;
    Dataset<Row> updates = null;
    Dataset<Row> deletes = null;
    for (WritePart part : parts()) {
      switch (part.operation()) {
        case COMPARE_AND_SET -> updates = match.rows(part);
        case COMPARE_AND_DELETE -> deletes = match.surplusKeys();
        default -> inserts = match.rows(part);
      }
    }
    return new DiffRowsets(counts, inserts, updates, deletes);
  }

  @Override
  public StepDiff toTell() {
    ToldRows changes = told();
    return new StepDiff(
        changes.shape(),
        idle || counts.toWrite() == 0
            ? spark.emptyRDD()
            : changes.inOrder(match, counts.toWrite(), step.write().writers()));
  }

  private ToldRows told() {
    return new ToldRows(step, target.table(), parts(), WritePart.compared(step, outputs), varying);
  }

  @Override
  public Set<String> varying() {
    return varying;
  }

  @Override
  public DiffSum checksum() {
    return idle || counts.toWrite() == 0 ? DiffSum.NONE : told().sum(match);
  }

  @Override
  public Dataset<Row> rows(WritePart part) {
    if (idle) {
      return none(part);
    }
    Dataset<Row> rows = match.toWrite(part);
    return rows.select(
        Stream.of(rows.columns())
            .map(
                name ->
                    name.startsWith(RowsMatch.EXPECTED)
                        ? cell(name).as(Never.BEFORE + name.substring(RowsMatch.EXPECTED.length()))
                        : cell(name))
            .toArray(Column[]::new));
  }

  private Dataset<Row> none(WritePart part) {
    Stream<Column> before =
        part.operation() == Operation.COMPARE_AND_SET
            ? WritePart.compared(step, outputs).stream()
                .map(name -> cell(name).as(Never.BEFORE + name))
            : Stream.of();
    return query
        .limit(0)
        .select(
            Stream.concat(part.columns().stream().map(Cells::cell), before).toArray(Column[]::new));
  }

  @Override
  public Parents parents() {
    return idle ? Parents.UNKNOWN : parentKeys.parents();
  }

  @Override
  public List<WritePart> parts() {
    return WritePart.of(step, outputs, target);
  }

  /** Rows of one batch are not worth a second connection. */
  @Override
  public WriteCounts write(WritePart part, Sink sink) {
    long rows = counts.toWrite(part.operation());
    long batches = (rows - 1) / step.write().rowsPerBatch() + 1;
    List<ParentKey> own = ownParents(part);
    if (!own.isEmpty() && rows > 1) {
      try (ParentsFirst order = match.parentsFirst(part, own)) {
        return sink.writeInOrder(match.inOrder(part, order));
      }
    }
    int writers = (int) Math.min(step.write().writers(), batches);
    return sink.write(
        match
            .toWrite(part)
            .repartitionByRange(writers, cells(step.key()))
            .sortWithinPartitions(cells(step.key())));
  }

  /** By what the rows of a write may refer to each other. */
  private List<ParentKey> ownParents(WritePart part) {
    return switch (part.operation()) {
      case COMPARE_AND_SET -> List.of();
      case COMPARE_AND_DELETE -> target.ownParents(target.table().columnNames());
      default ->
          target.ownParents(part.columns()).stream()
              .filter(key -> part.columns().containsAll(key.parentColumns()))
              .toList();
    };
  }

  @Override
  public Map<String, Long> columnsSet(StepCounts written) {
    WriteCounts updates = written.updates();
    long unset = updates.left() + updates.rejected();
    if (unset == 0) {
      return counts.changes();
    }
    List<List<String>> keys =
        Stream.concat(updates.leftKeys().stream(), updates.rejectedKeys().stream()).toList();
    return keys.size() < unset ? null : match.changes(keys);
  }

  @Override
  public Verified verify(SnapshotReader reader, KeptSources sources, StepCounts written) {
    Dataset<Row> asked = sources.query(step.query());
    if (idle && isIdle(asked, sources)) {
      return Verified.NO_DIFFERENCE;
    }
    try (KeptInSpark keptHere = new KeptInSpark()) {
      if (same == null) {
        same = reader.same(table, WritePart.compared(step, outputs));
      }
      Dataset<Row> now =
          FittingRows.of(
                  step,
                  key,
                  target.table().inTexts(),
                  new FittingRows.Given(asked, given),
                  reader,
                  keptHere)
              .rows();
      Dataset<Row> present = beside(RowsMatch.current(readTarget(reader)), readForeign(reader));
      RowsMatch before = idle ? matchOf(now.limit(0), present.limit(0), keptHere) : match;
      return new RowsVerify(step, key, outputs, before, same, written).between(now, present);
    }
  }

  @Override
  public void close() {
    kept.close();
    if (parentKeys != null) {
      parentKeys.close();
    }
  }
}
