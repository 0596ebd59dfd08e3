package backfill.spark.read;

import backfill.plan.Plan;
import backfill.plan.Source;
import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.server.RecoveryConflictException;
import backfill.postgres.server.Server;
import backfill.postgres.server.SqlFailure;
import backfill.postgres.snapshot.LostSnapshotException;
import backfill.postgres.snapshot.NotedTables;
import backfill.postgres.snapshot.OldSnapshotException;
import backfill.postgres.snapshot.Snapshot;
import backfill.postgres.snapshot.SnapshotAge;
import backfill.spark.engine.SparkFailure;
import backfill.spark.query.PairColumnNames;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/**
 * One snapshot of each database that some steps read, and what is read in them, for the steps that
 * share them; {@link NewReading} begins it. The snapshots are let go as soon as everything is read;
 * the rows stay until this is closed.
 */
public final class Reading implements AutoCloseable {
  private static final long BLOCK_BYTES = 8192;

  private final Plan plan;
  private final PreflightResult ready;
  private final KeptSources sources;
  private final Map<String, SnapshotReader> readers;
  private final SnapshotReader targets;
  private final Map<String, PairColumnNames> asPairs;
  private final Set<String> queried;
  private final Set<String> asked = new HashSet<>();
  private final Map<String, Long> leftOut = new HashMap<>();
  private final Map<String, NotedTables> noted = new HashMap<>();
  private final Map<String, NotedTables> notedTargets = new HashMap<>();
  private final Map<Reading, Set<String>> alike = new IdentityHashMap<>();
  private SnapshotAge age;
  private boolean released;

  /**
   * @param readers by database, each in its snapshot
   * @param targets main's, or that of its primary where the targets have a snapshot of their own
   */
  Reading(
      Plan plan,
      PreflightResult ready,
      List<Step.Fill> steps,
      KeptSources sources,
      Map<String, SnapshotReader> readers,
      SnapshotReader targets) {
    this.plan = plan;
    this.ready = ready;
    this.sources = sources;
    this.readers = readers;
    this.targets = targets;
    this.asPairs = PairColumnNames.read(plan, steps, ready);
    this.queried = TablesToRead.queried(plan, steps);
  }

  /** Ends it once its snapshots are too old. */
  Reading watched(Runnable cancelJobs) {
    age = SnapshotAge.watch(plan.settings().read().snapshotMaxAge(), snapshotsHeld(), cancelJobs);
    return this;
  }

  /** One snapshot, and the server that it is of. */
  public record Taken(String database, String server, Snapshot snapshot) {}

  /**
   * Reads the sources of a step that no earlier step has read already, and makes its views known.
   *
   * @param begun told each source's name before it is read
   * @param read told each source's name and rows after it
   * @throws LostSnapshotException if the one that they are read in is gone
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
    PairColumnNames columns = asPairs.get(source.name());
    if (columns != null) {
      boolean alsoQueried = queried.contains(source.name());
      sources.readPairs(
          reader, new KeptSources.From(source, table, where), columns, alsoQueried, read);
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

  /**
   * Asks something of what was read, as how a step's state in this snapshot differs from what
   * another one planned and wrote.
   */
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

  /**
   * Says which snapshot it was that a reader did not find or that was too old, or that a standby
   * ended the read; no read outlives a failure.
   */
  private <T> T in(String database, SnapshotReader reader, Supplier<T> reads) {
    T read;
    try {
      read = reads.get();
    } catch (Exception e) {
      // Spark throws what no signature declares.
      giveUp();
      refuseOld(e);
      Optional<String> standby = standby(database, reader);
      Optional<SQLException> held =
          SqlFailure.lostSnapshot(e) || standby.isPresent() && SqlFailure.connectionLost(e)
              ? reader.snapshot().ended()
              : Optional.empty();
      Optional<RecoveryConflictException> conflict = RecoveryConflictException.in(e, standby, held);
      if (conflict.isPresent()) {
        throw conflict.get();
      }
      Optional<LostSnapshotException> lost =
          LostSnapshotException.in(e, database, reader.snapshot(), held);
      if (lost.isPresent()) {
        throw lost.get();
      }
      throw e;
    }
    refuseOld(null);
    return read;
  }

  private void refuseOld(Exception came) {
    if (age.isOver()) {
      throw new OldSnapshotException(snapshotsHeld(), plan.settings().read(), came);
    }
  }

  private List<Snapshot> snapshotsHeld() {
    return all().stream().map(SnapshotReader::snapshot).toList();
  }

  /** Where a reader reads, if that is one; targets may have a snapshot of the primary. */
  private Optional<String> standby(String database, SnapshotReader reader) {
    return Optional.of(ready.databases().get(database).read())
        .filter(server -> server.standby() && reader == readers.get(database))
        .map(Server::address);
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

  /**
   * Notes what the snapshots show of these steps' targets and of the sources that were read whole,
   * so that a later reading can tell whether it would read the same; the snapshots must still be
   * there.
   */
  public void note(List<Step.Fill> steps) {
    ReadListing.noted(plan, ready, asked)
        .forEach(
            (database, rows) -> {
              SnapshotReader reader = readers.get(database);
              noted.put(database, in(database, reader, () -> reader.note(rows)));
            });
    for (Step.Fill step : steps) {
      ReadListing.notedTarget(ready, step)
          .ifPresent(
              rows ->
                  notedTargets.put(
                      step.name(), in(Plan.MAIN, targets, () -> targets.note(List.of(rows)))));
    }
  }

  /**
   * Whether the snapshots of this reading show the same rows of every source of a step as those of
   * an earlier one did. The servers are asked once for all sources; no row is read.
   */
  public boolean showsSourcesLike(Reading earlier, Step.Fill step) {
    return alike.computeIfAbsent(earlier, this::alike).containsAll(plan.sourcesOf(step));
  }

  private Set<String> alike(Reading earlier) {
    Set<String> names = new HashSet<>();
    earlier.noted.forEach(
        (database, tables) -> {
          SnapshotReader reader = readers.get(database);
          names.addAll(in(database, reader, () -> reader.alike(tables, earlier.sources.counts())));
        });
    return names;
  }

  /**
   * The same of a step's target, if all of its rows are the step's.
   *
   * @param rows that it had in the earlier reading
   */
  public boolean showsTargetLike(Reading earlier, Step.Fill step, long rows) {
    NotedTables target = earlier.notedTargets.get(step.name());
    return target != null
        && !in(Plan.MAIN, targets, () -> targets.alike(target, Map.of(step.name(), rows)))
            .isEmpty();
  }

  /**
   * Lets the snapshots go; nothing is read in them from here on.
   *
   * @return whether they were held until now
   */
  public boolean release() {
    boolean now = !released;
    released = true;
    age.close();
    snapshotsHeld().forEach(Snapshot::close);
    return now;
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

  /** The size of the tables that queries read, as the server keeps them. */
  public long queriedBytes() {
    return sources.queriedBlocks() * BLOCK_BYTES;
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
