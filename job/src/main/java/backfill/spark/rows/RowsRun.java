package backfill.spark.rows;

import static backfill.spark.query.Cells.cells;

import backfill.plan.Step;
import backfill.postgres.catalog.ParentKey;
import backfill.postgres.ledger.StepCounts;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.preflight.GivenType;
import backfill.postgres.write.Parents;
import backfill.postgres.write.Target;
import backfill.postgres.write.WritePart;
import backfill.spark.engine.KeptInSpark;
import backfill.spark.read.KeptSources;
import backfill.spark.read.SnapshotReader;
import backfill.spark.read.UnfitRowsException;
import backfill.spark.sink.Sink;
import backfill.spark.step.DiffCounts;
import backfill.spark.step.ReferredKeys;
import backfill.spark.step.SnapshotParentKeys;
import backfill.spark.step.StepRun;
import backfill.spark.step.ToldDiff;
import backfill.spark.step.Verified;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongToIntFunction;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * A step of rows: the query's rows are matched with the target's by key. A row is written only
 * where it is absent or a value differs; and one that is set or deleted goes along with the values
 * that were read, so that another's change is never overwritten.
 */
public final class RowsRun implements StepRun {
  private final Step.Rows step;
  private final Target target;
  private final Map<String, GivenType> given;
  private final Map<String, Set<String>> varyingSources;
  private final KeptInSpark kept = new KeptInSpark();
  private JavaSparkContext spark;
  private LongToIntFunction partitions;
  private Dataset<Row> query;
  private List<String> outputs;
  private Set<String> varying;
  private Map<String, Long> unmatched;
  private Optional<RowsRead> read;
  private SnapshotParentKeys parentKeys;
  private RowsMatch match;
  private ToldDiff told;

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
  public List<WritePart> parts() {
    return WritePart.of(step, outputs, target);
  }

  @Override
  public void read(SnapshotReader reader, KeptSources sources) {
    partitions = sources::partitions;
    spark = JavaSparkContext.fromSparkContext(sources.session().sparkContext());
    query = sources.query(step.query());
    outputs = List.of(query.columns());
    varying = sources.varying(query, varyingSources);
    unmatched = unmatched(sources);
    if (!unmatched.isEmpty()) {
      sources.begins(target.table().name().toString());
    }
    if (RowsRead.isIdle(step, query, sources)) {
      read = Optional.empty();
      return;
    }
    RowsRead rows = read(query, reader);
    rows.begin(reader.reads(), kept);
    read = Optional.of(rows);
    parentKeys =
        SnapshotParentKeys.read(
            target.parentsOf(outputs),
            parent ->
                Optional.of(parent.key())
                    .filter(key -> parent.isInteger())
                    .map(ReferredKeys::ofInteger),
            reader,
            sources);
  }

  private RowsRead read(Dataset<Row> asked, SnapshotReader reader) {
    return new RowsRead(step, target, new FittingRows.Given(asked, given), reader);
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
  public Set<String> varying() {
    return varying;
  }

  @Override
  public void flatten() {
    read.ifPresent(
        rows -> {
          match = rows.match(partitions.applyAsInt(rows.currentRows()), kept);
          match.refuseTwice();
        });
  }

  @Override
  public DiffCounts diff() {
    ChangeTexts texts = new ChangeTexts(step, target, outputs, varying, spark);
    told =
        read.<ToldDiff>map(rows -> matched(rows, texts))
            .orElseGet(() -> new IdleRows(step, query, unmatched, texts));
    return told.counts();
  }

  private ToldRows matched(RowsRead rows, ChangeTexts texts) {
    DiffCounts counts = match.counts(rows.currentRows()).with(unmatched, match.unfit());
    return new ToldRows(step, parts(), match, counts, texts);
  }

  @Override
  public ToldDiff told() {
    return told;
  }

  @Override
  public Parents parents() {
    return parentKeys == null ? Parents.UNKNOWN : parentKeys.parents();
  }

  /** Rows of one batch are not worth a second connection. */
  @Override
  public WriteCounts write(WritePart part, Sink sink) {
    long rows = told.counts().toWrite(part.operation());
    long batches = (rows - 1) / step.write().rowsPerBatch() + 1;
    List<ParentKey> own = ownParents(part);
    if (!own.isEmpty() && rows > 1) {
      try (ParentsFirst order = match.parentsFirst(part, own)) {
        return sink.writeInOrder(match.inOrder(part, order));
      }
    }
    int writers = (int) Math.min(step.write().writers(), batches);
    Dataset<Row> toWrite = match.toWrite(part);
    Dataset<Row> placed =
        writers == 1 && match.partitions() == 1
            ? toWrite.coalesce(1)
            : toWrite.repartitionByRange(writers, cells(step.key()));
    return sink.write(placed.sortWithinPartitions(cells(step.key())));
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
      return told.counts().changes();
    }
    List<List<String>> keys =
        Stream.concat(updates.leftKeys().stream(), updates.rejectedKeys().stream()).toList();
    return keys.size() < unset ? null : match.changes(keys);
  }

  @Override
  public Verified verify(SnapshotReader reader, KeptSources sources, StepCounts written) {
    Dataset<Row> asked = sources.query(step.query());
    if (read.isEmpty() && RowsRead.isIdle(step, asked, sources)) {
      return Verified.NO_DIFFERENCE;
    }
    try (KeptInSpark keptHere = new KeptInSpark()) {
      RowsRead now = read(asked, reader);
      RowsMatch before = read.isEmpty() ? now.noMatch(sources.partitions(0), keptHere) : match;
      return new RowsVerify(step, now, before, written).between();
    }
  }

  @Override
  public Verified verifyTarget(SnapshotReader reader, StepCounts written) {
    if (read.isEmpty()) {
      return Verified.NO_DIFFERENCE;
    }
    RowsRead now = read.get().withTarget(target, reader);
    if (new TargetSum(match).isReached(read.get(), now)) {
      return Verified.NO_DIFFERENCE;
    }
    return new RowsVerify(step, now, match, written).ofTarget();
  }

  @Override
  public void close() {
    kept.close();
    if (parentKeys != null) {
      parentKeys.close();
    }
  }
}
