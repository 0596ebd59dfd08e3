package backfill.spark;

import backfill.membership.GroupUsers;
import backfill.membership.UserIndex;
import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.postgres.Target;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * What one snapshot says of a step of pairs: the sets of users that the sources grant for each
 * object, and those that the target has.
 */
final class GrantSets implements AutoCloseable {
  private static final Logger LOG = LogManager.getLogger(GrantSets.class);

  private final Step.Pairs step;
  private final Settings settings;
  private final JavaSparkContext spark;
  private final Kept kept = new Kept();
  private final List<JavaRDD<LongPairs>> members;
  private final List<JavaRDD<LongPairs>> direct;
  private final List<JavaRDD<LongPairs>> through;
  private final Broadcast<UserIndex> users;
  private final JavaPairRDD<Long, PartialSet> existing;
  private GroupMap groups;

  /**
   * Reads the target now; the sources are read already.
   *
   * @param alsoUsers keys of users that must have a number, beside those whom the sources name
   */
  GrantSets(
      Step.Pairs step,
      Target target,
      Settings settings,
      SnapshotReader reader,
      KeptSources sources,
      long[] alsoUsers) {
    this.step = step;
    this.settings = settings;
    this.spark = JavaSparkContext.fromSparkContext(sources.session().sparkContext());
    members =
        step.members().stream().map(m -> sources.pairs(m.from(), m.group(), m.user())).toList();
    direct = grants(sources, step.direct());
    through = grants(sources, step.through());
    JavaRDD<LongPairs> present =
        reader.readPairs(target.table(), PairColumns.of(step.into()), target.where());
    if (step.deletes()) {
      // Read once more for the numbers of its users: those whom nobody names are to go.
      present = kept.keep(present);
    }
    users = spark.broadcast(indexOf(target, present, alsoUsers));
    existing = kept.keep(existingSets(present));
    // Read now, because the snapshot is let go after this stage.
    existing.count();
  }

  private static List<JavaRDD<LongPairs>> grants(KeptSources sources, List<Step.Grant> grants) {
    return grants.stream()
        .map(grant -> sources.pairs(grant.from(), grant.object(), grant.grantee()))
        .toList();
  }

  private JavaPairRDD<Long, PartialSet> existingSets(JavaRDD<LongPairs> present) {
    return PartialSetIterator.of(
        present, PartialSet.Kind.EXISTING, userNumber(), PartialSetIterator.Unnumbered.COUNT);
  }

  private PartialSetIterator.Numbering userNumber() {
    Broadcast<UserIndex> index = users;
    return key -> index.value().of(key);
  }

  /** An int4 column needs no look-up at all; int8 keys need one where they span 2³² or more. */
  private UserIndex indexOf(Target target, JavaRDD<LongPairs> present, long[] alsoUsers) {
    if (!"bigint".equals(target.table().column(step.into().user()).orElseThrow().type())) {
      return UserIndex.startingAt(Integer.MIN_VALUE);
    }
    JavaRDD<Long> named =
        Stream.of(
                members.stream(),
                direct.stream(),
                Stream.of(present).filter(rows -> step.deletes()))
            .flatMap(each -> each)
            .map(pairs -> pairs.flatMap(some -> Arrays.stream(some.members()).iterator()))
            .reduce(JavaRDD::union)
            .orElseThrow();
    KeyRange range = named.aggregate(KeyRange.of(alsoUsers), KeyRange::and, KeyRange::and);
    UserIndex spanned = UserIndex.startingAt(range.smallest());
    if (spanned.of(range.largest()) != UserIndex.UNKNOWN || range.isEmpty()) {
      return spanned;
    }
    return UserIndex.of(
        Stream.concat(named.distinct().collect().stream(), Arrays.stream(alsoUsers).boxed())
            .mapToLong(Long::longValue)
            .sorted()
            .distinct()
            .toArray());
  }

  /** The sets that the sources grant; decides how the group map travels. */
  JavaPairRDD<Long, PartialSet> granted() {
    List<JavaPairRDD<Long, PartialSet>> sets = new ArrayList<>();
    for (JavaRDD<LongPairs> grants : direct) {
      sets.add(
          PartialSetIterator.of(
              grants, PartialSet.Kind.DIRECT, userNumber(), PartialSetIterator.Unnumbered.REFUSE));
    }
    if (!through.isEmpty()) {
      groups = GroupMap.of(members, userNumber(), settings.flatten().broadcastBytes(), kept, spark);
      LOG.info("flatten {}: {}", step.name(), groups.description());
      int partitions = step.write().writers();
      through.forEach(grants -> sets.add(groups.grantSets(grants, partitions)));
    }
    return sets.stream().reduce(JavaPairRDD::union).orElseThrow();
  }

  /** The sets that the target has. */
  JavaPairRDD<Long, PartialSet> existing() {
    return existing;
  }

  /** Numbers users. */
  Broadcast<UserIndex> users() {
    return users;
  }

  /** The group map, where it was broadcast; else null. */
  Broadcast<GroupUsers> groups() {
    return groups == null ? null : groups.broadcast();
  }

  @Override
  public void close() {
    kept.close();
    users.destroy();
    if (groups() != null) {
      groups().destroy();
    }
  }
}
