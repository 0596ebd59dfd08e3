package backfill.spark.pairs;

import backfill.membership.UserIndex;
import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.postgres.write.Target;
import backfill.spark.engine.KeptInSpark;
import backfill.spark.read.KeptSources;
import backfill.spark.read.KeyMemoryLimit;
import backfill.spark.read.KeySpace;
import backfill.spark.read.LevelNumbers;
import backfill.spark.read.SnapshotReader;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;

/**
 * What one snapshot says of a step of pairs, in numbers: what its sources give, and the sets of
 * users that the target has for each object.
 */
final class GrantSets implements AutoCloseable {
  private final Step.Pairs step;
  private final Settings settings;
  private final KeptInSpark kept = new KeptInSpark();
  private final KeptSources sources;
  private final GivenPairs<JavaRDD<NumberedPairs>> given;
  private final StepKeyTypes types;
  private final StepNumbers numbers;
  private final TargetSets present;

  /**
   * What another reading needs to find again in this one.
   *
   * @param users keys of users who must have a number, beside those whom the sources name
   * @param keys which must have a number, too; null where there was no other reading
   */
  record Earlier(long[] users, StepKeys keys) {
    static final Earlier NONE = new Earlier(new long[0], null);
  }

  /** Begins to read the target; the sources are read already. */
  GrantSets(
      Step.Pairs step,
      Target target,
      Settings settings,
      SnapshotReader reader,
      KeptSources sources,
      Earlier earlier) {
    this.step = step;
    this.settings = settings;
    this.sources = sources;
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(session().sparkContext());
    types = StepKeyTypes.of(step, target, sources);
    List<String> views = sources.views(step.reads());
    if (!views.isEmpty()) {
      // Their keys are looked at, and so they are computed.
      sources.begins(String.join(", ", views));
    }
    GivenPairs<IdentifiedPairs> read = GivenPairs.read(step, types, sources);
    TargetRows rows = new TargetRows(step.into(), target, types, reader);
    // Read once more for the numbers: of all keys, or of the users that no source names and whose
    // pairs are to go.
    boolean twice =
        types.of(KeySpace.OBJECTS, KeySpace.USERS).coded()
            || step.deletes()
            || step.into().level().isPresent();
    IdentifiedPairs ownRows = twice ? rows.own().keptBy(kept) : rows.own();
    StepKeys keys =
        StepKeys.of(
                types,
                Stream.concat(read.all(), Stream.of(ownRows)).toList(),
                earlier.keys(),
                new KeyMemoryLimit(step.name(), settings.flatten().dictionaryBytes()),
                spark)
            .with(levels(read, ownRows, earlier.keys()));
    given = read.map(some -> some.numbered(keys));
    JavaRDD<NumberedPairs> own = ownRows.numbered(keys);
    numbers = StepNumbers.of(step, target, keys, users(own), earlier.users(), spark);
    if (!views.isEmpty()) {
      sources.begins(target.table().name().toString());
    }
    present = rows.sets(own, numbers, PartialSetIterator.Unnumbered.COUNT, kept);
  }

  private LevelNumbers levels(
      GivenPairs<IdentifiedPairs> read, IdentifiedPairs ownRows, StepKeys before) {
    if (step.into().level().isEmpty()) {
      return LevelNumbers.NONE;
    }
    return LevelNumbers.of(
        "step " + step.name(),
        step.grants().levels(),
        read.all().flatMap(some -> some.leveled().stream()).toList(),
        read.all()
            .flatMap(some -> Optional.ofNullable(some.level()).stream())
            .flatMap(level -> Optional.ofNullable(level.constant()).stream())
            .toList(),
        ownRows.leveled().orElseThrow(),
        before == null ? null : before.levels());
  }

  /** What names users who must have a number: of the target, those whose pairs are to go. */
  private List<JavaRDD<NumberedPairs>> users(JavaRDD<NumberedPairs> own) {
    return Stream.of(
            given.members().stream(),
            given.direct().stream(),
            Stream.of(own).filter(rows -> step.deletes()))
        .flatMap(each -> each)
        .toList();
  }

  /** What the sources grant; its parts are let go with this. */
  FlattenedGrants flattened() {
    return new FlattenedGrants(step, settings.flatten(), given, numbers, sources, kept);
  }

  /** The sets that the target has. */
  TargetSets present() {
    return present;
  }

  /**
   * Begins to read the same in another snapshot. An object or a user without a number here is none
   * that was planned: it is left out.
   */
  JavaPairRDD<Long, PartialSet> presentIn(Target target, SnapshotReader reader, KeptInSpark by) {
    TargetRows rows = new TargetRows(step.into(), target, types, reader);
    return rows.sets(rows.own().numbered(keys()), numbers, PartialSetIterator.Unnumbered.DROP, by)
        .all();
  }

  SparkSession session() {
    return sources.session();
  }

  /** Numbers users; where {@link #keys} has numbers for them, these. */
  Broadcast<UserIndex> users() {
    return numbers.users();
  }

  /** Numbers objects and users. */
  StepKeys keys() {
    return numbers.keys();
  }

  /** Whether a user's number depends on which other users there are. */
  boolean numbersByUse() {
    return numbers.by() == StepNumbers.By.USE;
  }

  @Override
  public void close() {
    kept.close();
    numbers.destroy();
  }
}
