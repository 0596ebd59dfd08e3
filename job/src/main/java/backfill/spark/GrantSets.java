package backfill.spark;

import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;

import backfill.membership.GroupUsers;
import backfill.membership.UserIndex;
import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.postgres.Target;
import java.util.ArrayList;
import java.util.List;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * What one snapshot says of a step of pairs: the sets of users that the sources grant for each
 * object, and those that the target has.
 */
final class GrantSets implements AutoCloseable {
  private static final Logger LOG = LogManager.getLogger(GrantSets.class);

  private final Step.Pairs step;
  private final Settings settings;
  private final SparkSession spark;
  private final Kept kept = new Kept();
  private final List<Dataset<Row>> members;
  private final List<Dataset<Row>> direct;
  private final List<Dataset<Row>> through;
  private final Broadcast<UserIndex> users;
  private final Dataset<Row> existing;
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
    this.spark = sources.session();
    members =
        step.members().stream()
            .map(m -> numbers(sources.from(m.from()), m.group(), m.user()))
            .toList();
    direct = grants(sources, step.direct());
    through = grants(sources, step.through());
    users =
        JavaSparkContext.fromSparkContext(spark.sparkContext())
            .broadcast(indexOf(target, alsoUsers));
    existing = kept.keep(existingSets(target, reader));
    // Read now, because the snapshot is let go after this stage.
    existing.count();
  }

  private static List<Dataset<Row>> grants(KeptSources sources, List<Step.Grant> grants) {
    return grants.stream()
        .map(grant -> numbers(sources.from(grant.from()), grant.object(), grant.grantee()))
        .toList();
  }

  /** Two columns as bigint; a row that names no object, no group or no user grants nothing. */
  private static Dataset<Row> numbers(Dataset<Row> rows, String key, String member) {
    return rows.select(
            SnapshotReader.column(key).cast("long").as("key"),
            SnapshotReader.column(member).cast("long").as("member"))
        .where("key IS NOT NULL AND member IS NOT NULL");
  }

  private Dataset<Row> existingSets(Target target, SnapshotReader reader) {
    String object = step.into().object();
    String user = step.into().user();
    Dataset<Row> rows =
        numbers(reader.read(target.table(), List.of(object, user), null), object, user);
    Broadcast<UserIndex> index = users;
    return PartialSetRows.of(
        rows,
        PartialSetRows.Kind.EXISTING,
        key -> index.value().of(key),
        PartialSetRows.Unnumbered.COUNT);
  }

  /** An int4 column needs no look-up at all; int8 keys need one where they span 2³² or more. */
  private UserIndex indexOf(Target target, long[] alsoUsers) {
    if (!"bigint".equals(target.table().column(step.into().user()).orElseThrow().type())) {
      return UserIndex.startingAt(Integer.MIN_VALUE);
    }
    List<Dataset<Row>> named = new ArrayList<>(members);
    named.addAll(direct);
    Dataset<Row> keys =
        named.stream().map(rows -> rows.select("member")).reduce(Dataset::union).orElseThrow();
    if (alsoUsers.length > 0) {
      keys =
          keys.union(
              spark
                  .createDataset(
                      java.util.Arrays.stream(alsoUsers).boxed().toList(),
                      org.apache.spark.sql.Encoders.LONG())
                  .toDF("member"));
    }
    Row range = keys.agg(min("member"), max("member")).first();
    if (range.isNullAt(0)) {
      return UserIndex.startingAt(0);
    }
    long smallest = range.getLong(0);
    UserIndex spanned = UserIndex.startingAt(smallest);
    if (spanned.of(range.getLong(1)) != UserIndex.UNKNOWN) {
      return spanned;
    }
    return UserIndex.of(
        keys.distinct().collectAsList().stream()
            .mapToLong(row -> row.getLong(0))
            .sorted()
            .toArray());
  }

  /** The sets that the sources grant; decides how the group map travels. */
  List<Dataset<Row>> granted() {
    Broadcast<UserIndex> index = users;
    PartialSetRows.Numbering userNumber = key -> index.value().of(key);
    List<Dataset<Row>> sets = new ArrayList<>();
    for (Dataset<Row> grants : direct) {
      sets.add(
          PartialSetRows.of(
              grants, PartialSetRows.Kind.DIRECT, userNumber, PartialSetRows.Unnumbered.DROP));
    }
    if (!through.isEmpty()) {
      groups = GroupMap.of(members, userNumber, settings.flatten().broadcastBytes(), kept, spark);
      LOG.info("flatten {}: {}", step.name(), groups.description());
      through.forEach(grants -> sets.add(groups.grantSets(grants)));
    }
    return sets.stream().map(kept::keep).toList();
  }

  /** The sets that the target has. */
  Dataset<Row> existing() {
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
