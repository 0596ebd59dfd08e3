package backfill.spark;

import java.util.Arrays;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;

/** Packs Spark's own rows (key bigint, member bigint) into arrays. */
final class LongPairsOfRows implements Iterator<LongPairs> {
  private final Iterator<InternalRow> rows;

  LongPairsOfRows(Iterator<InternalRow> rows) {
    this.rows = rows;
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
