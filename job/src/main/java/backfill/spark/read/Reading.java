package backfill.spark.read;

import backfill.plan.Plan;
import backfill.plan.Source;
import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.postgres.preflight.Ready;
import backfill.postgres.server.Database;
import backfill.postgres.server.Databases;
import backfill.postgres.server.Replicas;
import backfill.postgres.snapshot.LostSnapshot;
import backfill.postgres.snapshot.Snapshot;
import backfill.postgres.snapshot.Snapshots;
import backfill.spark.engine.SparkFailure;
import backfill.spark.query.PairColumns;
import backfill.spark.query.Timestamps;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.apache.spark.sql.SparkSession;

/**
 * One snapshot of each database that some steps read, and what is read in them, for the steps that
 * share them. The snapshots are let go as soon as everything is read; the rows stay until this is
 * closed.
 */
public final class Reading implements AutoCloseable {
  private static final long BLOCK_BYTES = 8192;

  private final Plan plan;
  private final Ready ready;
  private final KeptSources sources;
  private final Map<String, SnapshotReader> readers;
  private final SnapshotReader targets;
  private final Map<String, PairColumns> asPairs;
  private final Set<String> queried;
  private final long queriedBytes;
  private final Set<String> asked = new HashSet<>();
  private final Map<String, Long> leftOut = new HashMap<>();
  private final long exportedNanos = System.nanoTime();
  private Duration held;

  private Reading(
      Plan plan,
      Ready ready,
      KeptSources sources,
      Map<String, SnapshotReader> readers,
      SnapshotReader targets,
      Map<String, PairColumns> asPairs,
      Set<String> queried,
      long queriedBytes) {
    this.plan = plan;
    this.ready = ready;
    this.sources = sources;
    this.readers = readers;
    this.targets = targets;
    this.asPairs = asPairs;
    this.queried = queried;
    this.queriedBytes = queriedBytes;
  }

  /**
   * What reads, for whom.
   *
   * @param applicationName of every connection that reads
   * @param run whose uuids {@code run_uuid} gives
   * @param waiting is told, again and again, what is waited for
   */
  public record Reader(
      SparkSession spark,
      Plan plan,
      Databases databases,
      String applicationName,
      UUID run,
      Consumer<String> waiting) {
    private Snapshot export(Database database, List<Table> tables) throws SQLException {
      return Snapshot.export(
          database,
          applicationName,
          tables,
          plan.settings().lockTimeout(),
          plan.settings().write().retryFor());
    }

    private Map<String, Snapshot> export(Map<String, List<Table>> tables) throws SQLException {
      Replicas.await(
          databases,
          tables.keySet(),
          applicationName,
          plan.settings().lockTimeout(),
          plan.settings().read().waitFor(),
          waiting);
      return Snapshots.export(
          databases,
          applicationName,
          tables,
          plan.settings().lockTimeout(),
          plan.settings().write().retryFor());
    }
  }

  /** One snapshot, and the server that it is of. */
  public record Taken(String database, String server, Snapshot snapshot) {}

  /**
   * Takes a snapshot of each database for these steps, right after each other, and before them
   * ACCESS SHARE on every table that the steps will read. A replica shows by then what its primary
   * had at the beginning.
   *
   * @param overlay what earlier steps of a dry run would leave
   */
  public static Reading begin(Reader by, Ready ready, List<Step.Fill> steps, LaidOver overlay)
      throws SQLException {
    Map<String, List<Table>> tables = TablesToRead.all(by.plan(), ready, steps);
    return of(by, ready, steps, overlay, by.export(tables), null);
  }

  /**
   * The same in order to look at what was written: where sources are read from a replica, the
   * targets have a snapshot of the primary, and the replica shows by its own snapshot what that one
   * does. So a row that goes along with what justifies it is not taken for one that is missing.
   */
  public static Reading verifying(Reader by, Ready ready, List<Step.Fill> steps)
      throws SQLException {
    if (!by.databases().main().readsElsewhere()) {
      return begin(by, ready, steps, LaidOver.NOTHING);
    }
    Snapshot targets =
        by.export(by.databases().main().atPrimary(), TablesToRead.targets(ready, steps));
    try {
      return of(
          by,
          ready,
          steps,
          LaidOver.NOTHING,
          by.export(TablesToRead.sources(by.plan(), ready, steps)),
          targets);
    } catch (SQLException | RuntimeException e) {
      targets.close();
      throw e;
    }
  }

  /**
   * @param atPrimary the snapshot that targets are read in; null where it is main's
   */
  private static Reading of(
      Reader by,
      Ready ready,
      List<Step.Fill> steps,
      LaidOver overlay,
      Map<String, Snapshot> snapshots,
      Snapshot atPrimary) {
    Plan plan = by.plan();
    Set<String> queried = TablesToRead.queried(plan, steps);
    long blocks = TablesToRead.blocks(ready, steps, queried);
    KeptSources sources =
        new KeptSources(by.spark(), plan, Timestamps.instant(ready.now()), by.run(), blocks);
    Map<String, SnapshotReader> readers = new LinkedHashMap<>();
    snapshots.forEach(
        (name, snapshot) ->
            readers.put(
                name,
                reader(
                    by,
                    sources,
                    by.databases().named().get(name),
                    snapshot,
                    // Steps write to main alone; elsewhere the same oid is another table.
                    name.equals(Plan.MAIN) ? overlay : LaidOver.NOTHING)));
    SnapshotReader targets =
        atPrimary == null
            ? readers.get(Plan.MAIN)
            : reader(by, sources, by.databases().main().atPrimary(), atPrimary, overlay);
    return new Reading(
        plan,
        ready,
        sources,
        readers,
        targets,
        PairColumns.read(plan, steps, ready),
        queried,
        blocks * BLOCK_BYTES);
  }

  private static SnapshotReader reader(
      Reader by, KeptSources sources, Database database, Snapshot snapshot, LaidOver overlay) {
    return new SnapshotReader(
        sources.session(),
        database,
        snapshot,
        by.plan().settings().read(),
        by.applicationName(),
        overlay);
  }

  /**
   * Reads the sources of a step that no earlier step has read already, and makes its views known.
   *
   * @param begun told each source's name before it is read
   * @param read told each source's name and rows after it
   * @throws LostSnapshot if the one that they are read in is gone
   */
  public void sources(Step.Fill step, Consumer<String> begun, BiConsumer<String, Long> read) {
    for (String name : plan.relationsOf(step)) {
      Source source = plan.sources().get(name);
      if (source == null) {
        finishReads();
        sources.define(name);
      } else if (asked.add(name)) {
        if (source.keyedBy().isPresent()) {
          finishReads();
        }
        begun.accept(name);
        reading(
            source.database(),
            readers.get(source.database()),
            () -> read(source, rows -> read.accept(name, rows)));
      }
    }
    finishReads();
  }

  private void finishReads() {
    readers.forEach((name, reader) -> reading(name, reader, reader.reads()::finish));
    reading(Plan.MAIN, targets, targets.reads()::finish);
  }

  private void read(Source source, LongConsumer read) {
    SnapshotReader reader = readers.get(source.database());
    Table table = ready.sources().get(source.name());
    String where = KeptSources.where(source, plan, ready);
    Set<String> needed = ready.shapes().needed().getOrDefault(source.name(), Set.of());
    PairColumns columns = asPairs.get(source.name());
    if (columns != null) {
      boolean alsoQueried = queried.contains(source.name());
      sources.readPairs(reader, source, table, columns, alsoQueried, where, read);
    } else if (source.keyedBy().isPresent()) {
      read.accept(sources.readKeyed(reader, source, table, needed, where));
    } else {
      sources.readRows(reader, source, table, needed, where, read);
    }
  }

  /**
   * Reads what a step's target has, and computes what must be known for that.
   *
   * @param read the step's, in the target's snapshot
   * @param begins told what is read or computed before it is
   */
  public void target(BiConsumer<SnapshotReader, KeptSources> read, Consumer<String> begins) {
    sources.tell(begins);
    reading(Plan.MAIN, targets, () -> read.accept(targets, sources));
    finishReads();
    sources.tell(what -> {});
  }

  /** Compares a step's state in this snapshot with what another one planned and wrote. */
  public <T> T verify(BiFunction<SnapshotReader, KeptSources, T> step) {
    return in(Plan.MAIN, targets, () -> step.apply(targets, sources));
  }

  private void reading(String database, SnapshotReader reader, Runnable reads) {
    in(
        database,
        reader,
        () -> {
          reads.run();
          return null;
        });
  }

  /** Says which snapshot it was that a reader did not find; no read outlives a failure. */
  private <T> T in(String database, SnapshotReader reader, Supplier<T> reads) {
    try {
      return reads.get();
    } catch (Exception e) {
      // Spark throws what no signature declares.
      giveUp();
      Optional<LostSnapshot> lost = LostSnapshot.in(e, database, reader.snapshot());
      if (lost.isPresent()) {
        throw lost.get();
      }
      throw e;
    }
  }

  private void giveUp() {
    all().forEach(reader -> reader.reads().giveUp());
  }

  /** Rows of each source that these steps read. */
  public Map<String, Long> rowsOf(Step.Fill step) {
    Map<String, Long> rows = new LinkedHashMap<>();
    for (String source : plan.sourcesOf(step)) {
      rows.put(source, sources.counts().get(source));
    }
    return rows;
  }

  /**
   * Rows of a source's table that the source does not give; the snapshots must still be there.
   *
   * @param counted whether the server is to count what a condition leaves out
   */
  public LeftOut leftOut(String name, boolean counted) {
    Source source = plan.sources().get(name);
    Long where = source.where().isEmpty() && source.keyedBy().isEmpty() ? (Long) 0L : null;
    if (counted && source.where().isPresent() && source.keyedBy().isEmpty()) {
      where = leftOut.computeIfAbsent(name, this::leftOutByCondition);
    }
    return new LeftOut(where, sources.nullKeys(name));
  }

  private Long leftOutByCondition(String name) {
    Source source = plan.sources().get(name);
    SnapshotReader reader = readers.get(source.database());
    return in(
        source.database(),
        reader,
        () -> {
          try {
            OptionalLong rows =
                reader.leftOut(ready.sources().get(name), KeptSources.where(source, plan, ready));
            return rows.isPresent() ? (Long) rows.getAsLong() : null;
          } catch (SQLException e) {
            throw SparkFailure.<RuntimeException>unchecked(e);
          }
        });
  }

  /** Lets the snapshots go; nothing is read in them from here on. */
  public void release() {
    if (held == null) {
      all().forEach(reader -> reader.snapshot().close());
      held = Duration.ofNanos(System.nanoTime() - exportedNanos);
    }
  }

  private Set<SnapshotReader> all() {
    Set<SnapshotReader> all = new LinkedHashSet<>(readers.values());
    all.add(targets);
    return all;
  }

  /** Every snapshot, main's first, and last that of its primary, where targets have their own. */
  public List<Taken> snapshots() {
    List<Taken> taken = new ArrayList<>();
    readers.forEach(
        (name, reader) ->
            taken.add(
                new Taken(name, ready.databases().get(name).read().address(), reader.snapshot())));
    if (targets != readers.get(Plan.MAIN)) {
      taken.add(new Taken(Plan.MAIN, ready.server().address(), targets.snapshot()));
    }
    return taken;
  }

  /** The one that main's sources are read in. */
  public Snapshot main() {
    return readers.get(Plan.MAIN).snapshot();
  }

  /** How long the snapshots were held; until they are released, null. */
  public Duration held() {
    return held;
  }

  /** The size of the tables that queries read, as the server keeps them. */
  public long queriedBytes() {
    return queriedBytes;
  }

  /** Statements that read rows of the plan's tables. */
  public long statements() {
    return all().stream().mapToLong(SnapshotReader::statements).sum();
  }

  @Override
  public void close() {
    giveUp();
    release();
    sources.close();
  }
}
