package backfill.spark;

import java.util.Arrays;
import java.util.Iterator;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;

/** Packs Spark's own rows (key bigint, member bigint) into arrays. */
final class LongPairsOfRows implements Iterator<LongPairs> {
  private final Iterator<InternalRow> rows;

  LongPairsOfRows(Iterator<InternalRow> rows) {
    this.rows = rows;
  }

  /** Two columns of the rows, as numbers. */
  static JavaRDD<LongPairs> of(Dataset<Row> rows, PairColumns columns) {
    return rows.select(
            SnapshotReader.column(columns.key()).cast("long").as("key"),
            SnapshotReader.column(columns.member()).cast("long").as("member"))
        .queryExecution()
        .toRdd()
        .toJavaRDD()
        .mapPartitions(LongPairsOfRows::new);
  }

  @Override
  public boolean hasNext() {
    return rows.hasNext();
  }

  @Override
  public LongPairs next() {
    long[] keys = new long[LongPairs.SIZE];
    long[] members = new long[LongPairs.SIZE];
    int size = 0;
    int seen = 0;
    while (seen < LongPairs.SIZE && rows.hasNext()) {
      InternalRow row = rows.next();
      seen++;
      if (!row.isNullAt(0) && !row.isNullAt(1)) {
        keys[size] = row.getLong(0);
        members[size] = row.getLong(1);
        size++;
      }
    }
    return new LongPairs(Arrays.copyOf(keys, size), Arrays.copyOf(members, size), seen);
  }
}
