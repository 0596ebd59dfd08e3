package backfill.spark.read;

import backfill.plan.Plan;
import backfill.plan.Source;
import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.postgres.preflight.PreflightResult;
import backfill.postgres.snapshot.LostSnapshotException;
import backfill.postgres.snapshot.Snapshot;
import backfill.spark.query.PairColumnNames;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

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
  private final WatchedReads reads;
  private final Map<String, PairColumnNames> asPairs;
  private final Set<String> queried;
  private final Set<String> asked = new HashSet<>();
  private final Map<String, Long> leftOut = new HashMap<>();
  private final Map<NotedReading, Set<String>> alike = new HashMap<>();
  private final Map<NotedReading, Map<String, Boolean>> byKeys = new HashMap<>();
  private NotedReading noted = NotedReading.NOTHING;
  private boolean released;

  Reading(
      Plan plan,
      PreflightResult ready,
      List<Step.Fill> steps,
      KeptSources sources,
      WatchedReads reads) {
    this.plan = plan;
    this.ready = ready;
    this.sources = sources;
    this.reads = reads;
    this.asPairs = PairColumnNames.read(plan, steps, ready);
    this.queried = TablesToRead.queried(plan, steps);
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
        reads.finish();
        sources.define(name);
      } else if (asked.add(name)) {
        if (source.keyedBy().isPresent()) {
          reads.finish();
        }
        begun.accept(name);
        reads.run(
            source.database(), reader -> read(source, reader, rows -> read.accept(name, rows)));
      }
    }
    reads.finish();
  }

  private void read(Source source, SnapshotReader reader, LongConsumer read) {
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
    reads.runInTargets(reader -> read.accept(reader, sources));
    reads.finish();
    sources.tell(what -> {});
  }

  /**
   * Asks something of what was read, as how a step's state in this snapshot differs from what
   * another one planned and wrote.
   */
  public <T> T verify(BiFunction<SnapshotReader, KeptSources, T> step) {
    return reads.inTargets(reader -> step.apply(reader, sources));
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
    OptionalLong rows =
        reads.in(
            source.database(),
            reader ->
                reader.leftOut(ready.sources().get(name), KeptSources.where(source, plan, ready)));
    return rows.isPresent() ? (Long) rows.getAsLong() : null;
  }

  /**
   * Notes what the snapshots show of these steps' targets and of the sources that were read whole,
   * so that a later reading can tell whether it would read the same; the snapshots must still be
   * there.
   */
  public void note(List<Step.Fill> steps) {
    noted = NotedReading.of(ReadListing.noted(plan, ready, asked, steps), reads);
  }

  /**
   * Whether the snapshots of this reading show the same rows of every source of a step as those of
   * an earlier one did. The servers are asked once for all sources, and of each that is fetched by
   * keys for these; no row is read.
   */
  public boolean showsSourcesLike(Reading earlier, Step.Fill step) {
    return plan.sourcesOf(step).stream().allMatch(source -> showsLike(earlier, source));
  }

  private boolean showsLike(Reading earlier, String name) {
    Set<String> same =
        alike.computeIfAbsent(
            earlier.noted, before -> before.sourcesIn(reads, earlier.sources.counts()));
    Source source = plan.sources().get(name);
    if (!same.contains(name) || source.keyedBy().isEmpty()) {
      return same.contains(name);
    }
    Map<String, Boolean> looked = byKeys.computeIfAbsent(earlier.noted, before -> new HashMap<>());
    Boolean known = looked.get(name);
    if (known == null) {
      // The keys are the same if what gives them is.
      known =
          source.keyedBy().get().keys().stream()
                  .flatMap(keys -> plan.sourcesOfView(keys.from()).stream())
                  .allMatch(behind -> showsLike(earlier, behind))
              && earlier.noted.showsKeyed(reads, source, earlier.sources);
      looked.put(name, known);
    }
    return known;
  }

  /**
   * The same of a step's target, if all of its rows are the step's.
   *
   * @param rows that it had in the earlier reading
   */
  public boolean showsTargetLike(Reading earlier, Step.Fill step, long rows) {
    return earlier.noted.showsTarget(reads, step, rows);
  }

  /**
   * Lets the snapshots go; nothing is read in them from here on.
   *
   * @return whether they were held until now
   */
  public boolean release() {
    boolean now = !released;
    released = true;
    reads.close();
    reads.readers().snapshots().forEach(Snapshot::close);
    return now;
  }

  /** Every snapshot, main's first, and last that of its primary, where targets have their own. */
  public List<Taken> snapshots() {
    List<Taken> taken = new ArrayList<>();
    OpenReaders readers = reads.readers();
    readers
        .sources()
        .forEach(
            (name, reader) ->
                taken.add(
                    new Taken(
                        name, ready.databases().get(name).read().address(), reader.snapshot())));
    if (readers.targets() != readers.main()) {
      taken.add(new Taken(Plan.MAIN, ready.server().address(), readers.targets().snapshot()));
    }
    return taken;
  }

  /** The one that main's sources are read in. */
  public Snapshot main() {
    return reads.readers().main().snapshot();
  }

  /** The size of the tables that queries read, as the server keeps them. */
  public long queriedBytes() {
    return sources.queriedBlocks() * BLOCK_BYTES;
  }

  /** Statements that read rows of the plan's tables. */
  public long statements() {
    return reads.readers().statements();
  }

  @Override
  public void close() {
    reads.readers().giveUp();
    release();
    sources.close();
  }
}
