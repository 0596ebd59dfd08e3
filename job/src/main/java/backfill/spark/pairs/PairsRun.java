package backfill.spark.pairs;

import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.postgres.catalog.ParentTable;
import backfill.postgres.ledger.StepCounts;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.write.Parents;
import backfill.postgres.write.Target;
import backfill.postgres.write.WritePart;
import backfill.spark.engine.KeptInSpark;
import backfill.spark.read.KeptSources;
import backfill.spark.read.KeyNumbers;
import backfill.spark.read.SnapshotReader;
import backfill.spark.sink.Sink;
import backfill.spark.step.DiffCounts;
import backfill.spark.step.Nesting;
import backfill.spark.step.ReferredKeys;
import backfill.spark.step.SnapshotParentKeys;
import backfill.spark.step.StepRun;
import backfill.spark.step.ToldDiff;
import backfill.spark.step.Verified;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * A step of pairs: grants are range-partitioned by object once, as sets, and an object's diff and
 * write stay in that partition. Sets become rows only for what must be written.
 */
public final class PairsRun implements StepRun {
  private final Step.Pairs step;
  private final Target target;
  private final Settings settings;
  private final Map<String, Set<String>> varyingSources;
  private final KeptInSpark kept = new KeptInSpark();
  private Set<String> varying;
  private GrantSets grants;
  private SnapshotParentKeys parentKeys;
  private FlattenedGrants granted;
  private PairsDiff diff;
  private ToldPairs told;

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
    return WritePart.of(step, target);
  }

  @Override
  public void read(SnapshotReader reader, KeptSources sources) {
    varying = varying(sources);
    Target typed = TargetToCome.typed(target, step, sources);
    grants = new GrantSets(step, typed, settings, reader, sources, GrantSets.Earlier.NONE);
    parentKeys =
        SnapshotParentKeys.read(
            target.parentsOf(step.key()),
            parent -> referred(parent, sources.session()),
            reader,
            sources);
  }

  private Set<String> varying(KeptSources sources) {
    Set<String> columns = new HashSet<>();
    List<String> object = step.into().object();
    List<String> user = step.into().user();
    Stream.concat(step.direct().stream(), step.through().stream())
        .forEach(grant -> addVarying(sources, grant.from(), grant.object(), object, columns));
    step.objects()
        .forEach(edges -> addVarying(sources, edges.from(), edges.child(), object, columns));
    step.direct()
        .forEach(grant -> addVarying(sources, grant.from(), grant.grantee(), user, columns));
    step.members()
        .forEach(member -> addVarying(sources, member.from(), member.user(), user, columns));
    if (step.grants()
        .leveled()
        .anyMatch(
            level -> sources.varying(level.from(), varyingSources).contains(level.column()))) {
      columns.add(step.into().level().orElseThrow());
    }
    columns.addAll(step.into().varying());
    target.setInEach().forEach(each -> columns.add(each.name()));
    return columns;
  }

  /** Adds those of the target's columns into which a varying one of a source goes. */
  private void addVarying(
      KeptSources sources, String from, List<String> named, List<String> into, Set<String> to) {
    Set<String> vary = sources.varying(from, varyingSources);
    IntStream.range(0, named.size())
        .filter(place -> vary.contains(named.get(place)))
        .forEach(place -> to.add(into.get(place)));
  }

  @Override
  public Set<String> varying() {
    return varying;
  }

  /** Which numbers stand for the keys of a parent; empty where objects and users do not name it. */
  private Optional<ReferredKeys> referred(ParentTable parent, SparkSession session) {
    StepKeys keys = grants.keys();
    return referred(parent, step.into().object(), keys.objects(), session)
        .or(() -> referred(parent, step.into().user(), keys.users(), session));
  }

  private Optional<ReferredKeys> referred(
      ParentTable parent, List<String> named, KeyNumbers numbers, SparkSession session) {
    List<String> columns = parent.key().columns();
    if (columns.size() == named.size() && columns.containsAll(named)) {
      return Optional.of(ReferredKeys.of(parent.key(), named, numbers));
    }
    if (columns.size() > 1 || !named.containsAll(columns)) {
      return Optional.empty();
    }
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
    KeyNumbers part = numbers.ofColumn(named.indexOf(columns.get(0)), spark);
    kept.release(part::destroy);
    return Optional.of(ReferredKeys.of(parent.key(), columns, part));
  }

  @Override
  public void flatten() {
    granted = grants.flattened();
  }

  @Override
  public Nesting.OfStep nesting() {
    return granted.nesting();
  }

  @Override
  public DiffCounts diff() {
    diff = PairsDiff.of(step, grants, granted, kept);
    told = new ToldPairs(step, target, varying, grants, granted, diff);
    return told.counts();
  }

  @Override
  public ToldDiff told() {
    return told;
  }

  @Override
  public Parents parents() {
    return parentKeys.parents();
  }

  @Override
  public WriteCounts write(WritePart part, Sink sink) {
    return SetWriter.write(
        sink.config(),
        diff.objects(),
        DiffRows.Which.of(part),
        grants.users(),
        grants.keys(),
        part.operation().inserts() ? target.setAlike() : List.of());
  }

  @Override
  public Map<String, Long> columnsSet(StepCounts written) {
    return step.into().level().isEmpty()
        ? Map.of()
        : Map.of(step.into().level().get(), written.updates().changed());
  }

  @Override
  public Verified verify(SnapshotReader reader, KeptSources sources, StepCounts written) {
    GrantSets.Earlier earlier = new GrantSets.Earlier(plannedUsers(), grants.keys());
    try (GrantSets now = new GrantSets(step, target, settings, reader, sources, earlier)) {
      FlattenedGrants nowGranted = now.flattened();
      // The target is read beside that until here; what comes next finds it kept, and reads it no
      // second time.
      reader.reads().finish();
      return new PairsVerify(grants, diff, written)
          .between(now, nowGranted, step.write().writers());
    }
  }

  @Override
  public Verified verifyTarget(SnapshotReader reader, StepCounts written) {
    try (KeptInSpark now = new KeptInSpark()) {
      JavaPairRDD<Long, PartialSet> present = grants.presentIn(target, reader, now);
      reader.reads().finish();
      return new PairsVerify(grants, diff, written).beside(present);
    }
  }

  /**
   * The users of every set that was planned, so that they keep a number when sources stop naming
   * them. Those that a dictionary numbers keep it with the dictionary, and narrow integers always.
   */
  private long[] plannedUsers() {
    return grants.numbersByUse() ? diff.users(grants.users().value()) : new long[0];
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
