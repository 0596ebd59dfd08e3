package backfill.spark;

import static org.apache.spark.sql.functions.col;

import backfill.membership.GroupUsers;
import backfill.membership.ObjectUsers;
import backfill.membership.Sets;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;

/** Brings the sets of each object together, once, in disjoint ascending ranges of objects. */
final class ObjectSets {
  private ObjectSets() {}

  /** What becomes of one object's sets: a row of the result. */
  @FunctionalInterface
  interface Verdict extends Serializable {
    Row of(long object, ObjectUsers users, RoaringBitmap planned, RoaringBitmap written);
  }

  /**
   * @param parts rows of {@link PartialSetRows#SCHEMA}, kept by Spark: finding the ranges reads
   *     them twice
   * @param groups the broadcast group map, or null where no part has groups
   * @param partitions how many ranges
   * @return a row for each object, ascending within a partition
   */
  static Dataset<Row> merge(
      List<Dataset<Row>> parts,
      Broadcast<GroupUsers> groups,
      int partitions,
      Verdict verdict,
      StructType schema) {
    MapPartitionsFunction<Row, Row> merge =
        rows -> new Merging(rows, groups == null ? null : groups.value(), verdict);
    return parts.stream()
        .reduce(Dataset::union)
        .orElseThrow()
        .repartitionByRange(partitions, col("object"))
        .sortWithinPartitions("object")
        .mapPartitions(merge, Encoders.row(schema));
  }

  private static final class Merging implements Iterator<Row> {
    private final Iterator<Row> rows;
    private final GroupUsers groups;
    private final Verdict verdict;
    private final ObjectUsers users = new ObjectUsers();
    private Row ahead;

    Merging(Iterator<Row> rows, GroupUsers groups, Verdict verdict) {
      this.rows = rows;
      this.groups = groups;
      this.verdict = verdict;
      advance();
    }

    private void advance() {
      ahead = rows.hasNext() ? rows.next() : null;
    }

    @Override
    public boolean hasNext() {
      return ahead != null;
    }

    @Override
    public Row next() {
      users.clear();
      RoaringBitmap planned = new RoaringBitmap();
      RoaringBitmap written = new RoaringBitmap();
      long object = ahead.getLong(0);
      while (ahead != null && ahead.getLong(0) == object) {
        switch (PartialSetRows.Kind.of(ahead.getByte(1))) {
          case DIRECT -> users.addDirect(members());
          case GROUPS -> addGroups(members());
          case GROUP_USERS -> users.addThroughGroup(members());
          case EXISTING -> users.addExisting(members());
          case UNKNOWN_EXISTING -> users.addUnknownExisting(ahead.getLong(3));
          case PLANNED -> planned.or(members());
          case WRITTEN -> written.or(members());
          default -> throw new IllegalStateException("kind " + ahead.getByte(1));
        }
        advance();
      }
      return verdict.of(object, users, planned, written);
    }

    private RoaringBitmap members() {
      return Sets.set(ahead.getAs("members"));
    }

    private void addGroups(RoaringBitmap numbers) {
      PeekableIntIterator each = numbers.getIntIterator();
      while (each.hasNext()) {
        users.addThroughGroup(groups.users(each.next()));
      }
    }
  }
}
