package backfill.spark;

import backfill.membership.Sets;
import backfill.membership.UserIndex;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.roaringbitmap.PeekableIntIterator;

/** Counts in how many sets of a partition each user is. */
final class UserCounts {
  static final StructType SCHEMA =
      new StructType()
          .add("key", DataTypes.LongType, false)
          .add("pairs", DataTypes.LongType, false);

  private UserCounts() {}

  /**
   * @param rows rows whose first column is a set
   */
  static Iterator<Row> of(Iterator<Row> rows, UserIndex users) {
    Map<Integer, long[]> counts = new HashMap<>();
    while (rows.hasNext()) {
      PeekableIntIterator each = Sets.set(rows.next().getAs(0)).getIntIterator();
      while (each.hasNext()) {
        counts.computeIfAbsent(each.next(), user -> new long[1])[0]++;
      }
    }
    return counts.entrySet().stream()
        .map(entry -> RowFactory.create(users.key(entry.getKey()), entry.getValue()[0]))
        .iterator();
  }
}
