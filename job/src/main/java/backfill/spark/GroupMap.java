package backfill.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.length;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;

import backfill.membership.GroupUsers;
import backfill.membership.Sets;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.roaringbitmap.RoaringBitmap;

/**
 * The group to users map of one step, where it fits sent to every executor whole, and where it does
 * not kept as rows that grants are joined with.
 */
final class GroupMap {
  private final Broadcast<GroupUsers> broadcast;
  private final Dataset<Row> joined;
  private final String description;

  private GroupMap(Broadcast<GroupUsers> broadcast, Dataset<Row> joined, String description) {
    this.broadcast = broadcast;
    this.joined = joined;
    this.description = description;
  }

  /**
   * @param members (group, user) rows, kept already or cheap to compute again
   * @param broadcastBytes size of the serialized sets up to which the map is broadcast
   */
  static GroupMap of(
      List<Dataset<Row>> members,
      PartialSetRows.Numbering users,
      long broadcastBytes,
      Kept kept,
      SparkSession spark) {
    Dataset<Row> parts =
        kept.keep(
            members.stream()
                .map(
                    rows ->
                        PartialSetRows.of(
                            rows,
                            PartialSetRows.Kind.GROUP_USERS,
                            users,
                            PartialSetRows.Unnumbered.DROP))
                .reduce(Dataset::union)
                .orElseThrow());
    Row size = parts.agg(sum(length(col("members"))), sum("rows")).first();
    long bytes = size.isNullAt(0) ? 0 : size.getLong(0);
    long memberships = size.isNullAt(1) ? 0 : size.getLong(1);
    if (bytes > broadcastBytes) {
      return new GroupMap(
          null,
          merged(parts),
          String.format(
              "the group map has %,d bytes, more than flatten.broadcast-bytes = %,d: it is joined",
              bytes, broadcastBytes));
    }
    GroupUsers map = new GroupUsers();
    for (Row part : parts.collectAsList()) {
      map.add(part.getLong(0), Sets.set(part.getAs("members")));
    }
    return new GroupMap(
        JavaSparkContext.fromSparkContext(spark.sparkContext()).broadcast(map),
        null,
        String.format(
            "the group map has %,d groups with %,d memberships in %,d bytes: it is broadcast",
            map.size(), memberships, bytes));
  }

  /** The sets that a source of (object, group) rows gives. */
  Dataset<Row> grantSets(Dataset<Row> grants) {
    if (broadcast != null) {
      Broadcast<GroupUsers> map = broadcast;
      return PartialSetRows.of(
          grants,
          PartialSetRows.Kind.GROUPS,
          group -> map.value().number(group),
          PartialSetRows.Unnumbered.DROP);
    }
    return grants
        .join(joined, grants.col("member").equalTo(joined.col("group")))
        .select(
            grants.col("key").as("object"),
            lit(PartialSetRows.Kind.GROUP_USERS.code()).as("kind"),
            joined.col("members"),
            lit(0L).as("rows"));
  }

  /** The broadcast map, or null where it is joined. */
  Broadcast<GroupUsers> broadcast() {
    return broadcast;
  }

  /** What was decided and by which size, for the log. */
  String description() {
    return description;
  }

  /** One row for each group: its sets from all partitions, together. */
  private static Dataset<Row> merged(Dataset<Row> parts) {
    MapPartitionsFunction<Row, Row> merge = rows -> new Merging(rows);
    return parts
        .repartition(col("object"))
        .sortWithinPartitions("object")
        .mapPartitions(merge, Encoders.row(PartialSetRows.SCHEMA))
        .select(col("object").as("group"), col("members"));
  }

  /** Unites the sets of rows that follow each other with one key. */
  private static final class Merging implements Iterator<Row> {
    private final Iterator<Row> rows;
    private Row ahead;

    Merging(Iterator<Row> rows) {
      this.rows = rows;
      this.ahead = rows.hasNext() ? rows.next() : null;
    }

    @Override
    public boolean hasNext() {
      return ahead != null;
    }

    @Override
    public Row next() {
      long group = ahead.getLong(0);
      RoaringBitmap users = new RoaringBitmap();
      while (ahead != null && ahead.getLong(0) == group) {
        users.or(Sets.set(ahead.getAs("members")));
        ahead = rows.hasNext() ? rows.next() : null;
      }
      return PartialSetRows.row(
          group, PartialSetRows.Kind.GROUP_USERS, Sets.bytes(users), users.getCardinality());
    }
  }
}
