package backfill.spark;

import backfill.plan.Plan;
import backfill.plan.Source;
import backfill.plan.Step;
import backfill.postgres.Database;
import backfill.postgres.Ready;
import backfill.postgres.Snapshot;
import backfill.postgres.StepCounts;
import backfill.postgres.Table;
import backfill.postgres.Target;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.apache.spark.sql.SparkSession;

/**
 * One snapshot of the database and what is read in it, for the steps that share it. The snapshot is
 * let go as soon as everything is read; the rows stay until this is closed.
 */
public final class Reading implements AutoCloseable {
  private final Plan plan;
  private final Ready ready;
  private final KeptSources sources;
  private final Snapshot snapshot;
  private final SnapshotReader reader;
  private final Map<String, PairColumns> pairsOnly;
  private final long exportedNanos = System.nanoTime();
  private Duration held;

  private Reading(
      Plan plan,
      Ready ready,
      KeptSources sources,
      Snapshot snapshot,
      SnapshotReader reader,
      Map<String, PairColumns> pairsOnly) {
    this.plan = plan;
    this.ready = ready;
    this.sources = sources;
    this.snapshot = snapshot;
    this.reader = reader;
    this.pairsOnly = pairsOnly;
  }

  /**
   * Takes a snapshot for these steps, and ACCESS SHARE on every table that they will read in it.
   *
   * @param applicationName of every connection that reads
   * @param run whose uuids {@code run_uuid} gives
   * @param overlay what earlier steps of a dry run would leave
   */
  public static Reading begin(
      SparkSession spark,
      Plan plan,
      Ready ready,
      List<Step.Fill> steps,
      Database database,
      String applicationName,
      UUID run,
      Overlay overlay)
      throws SQLException {
    Snapshot snapshot =
        Snapshot.export(
            database,
            applicationName,
            tables(plan, ready, steps),
            plan.settings().lockTimeout(),
            plan.settings().write().retryFor());
    KeptSources sources = new KeptSources(spark, plan, Timestamps.instant(ready.now()), run);
    SnapshotReader reader =
        new SnapshotReader(
            sources.session(),
            database,
            snapshot,
            plan.settings().read(),
            applicationName,
            overlay);
    return new Reading(plan, ready, sources, snapshot, reader, PairColumns.soleUses(plan, steps));
  }

  /** What these steps read, sources and targets; a table may be there twice. */
  public static List<Table> tables(Plan plan, Ready ready, List<Step.Fill> steps) {
    List<Table> tables = new ArrayList<>();
    for (Step.Fill step : steps) {
      plan.sourcesOf(step).forEach(source -> tables.add(ready.sources().get(source)));
      Target target = ready.targets().get(step.name());
      tables.add(target.table());
      target.parentsOf(ready.shapes().outputs().getOrDefault(step.name(), step.key())).stream()
          .filter(parent -> parent.integerColumn().isPresent())
          .forEach(parent -> tables.add(parent.table()));
    }
    return tables;
  }

  /**
   * Reads the sources of a step that no earlier step has read already.
   *
   * @param begun told each source's name before it is read
   * @param read told each source's name and rows after it
   */
  public void sources(Step.Fill step, Consumer<String> begun, BiConsumer<String, Long> read) {
    for (String name : plan.sourcesOf(step)) {
      if (!sources.counts().containsKey(name)) {
        begun.accept(name);
        read.accept(name, read(plan.sources().get(name)));
      }
    }
    sources.define(plan.viewsOf(step));
  }

  private long read(Source source) {
    Table table = ready.sources().get(source.name());
    String where = KeptSources.where(source, plan, ready);
    PairColumns columns = pairsOnly.get(source.name());
    return columns == null
        ? sources.readRows(
            reader,
            source,
            table,
            ready.shapes().needed().getOrDefault(source.name(), Set.of()),
            where)
        : sources.readPairs(reader, source, table, columns, where);
  }

  /** Reads what the step's target has. */
  public void target(StepRun run) {
    run.read(reader, sources);
  }

  /** Compares the step's state in this snapshot with what another one planned and wrote. */
  public Verified verify(StepRun run, StepCounts written) {
    return run.verify(reader, sources, written);
  }

  /** Rows of each source that these steps read. */
  public Map<String, Long> rowsOf(Step.Fill step) {
    Map<String, Long> rows = new LinkedHashMap<>();
    for (String source : plan.sourcesOf(step)) {
      rows.put(source, sources.counts().get(source));
    }
    return rows;
  }

  /** Lets the snapshot go; nothing is read in it from here on. */
  public void release() {
    if (held == null) {
      snapshot.close();
      held = Duration.ofNanos(System.nanoTime() - exportedNanos);
    }
  }

  public Snapshot snapshot() {
    return snapshot;
  }

  /** How long the snapshot was held; until it is released, null. */
  public Duration held() {
    return held;
  }

  /** Statements that read rows of the plan's tables. */
  public long statements() {
    return reader.statements();
  }

  @Override
  public void close() {
    release();
    sources.close();
  }
}
