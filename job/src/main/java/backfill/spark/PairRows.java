package backfill.spark;

import backfill.membership.Sets;
import backfill.membership.UserIndex;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;

/**
 * Spells out rows (object, set of users) as rows (object, user), one set in memory at a time, users
 * ascending.
 */
final class PairRows implements Iterator<Row> {
  private final Iterator<Row> sets;
  private final UserIndex users;
  private long object;
  private PeekableIntIterator current = new RoaringBitmap().getIntIterator();

  PairRows(Iterator<Row> sets, UserIndex users) {
    this.sets = sets;
    this.users = users;
  }

  @Override
  public boolean hasNext() {
    while (!current.hasNext() && sets.hasNext()) {
      Row row = sets.next();
      object = row.getLong(0);
      current = Sets.set(row.getAs(1)).getIntIterator();
    }
    return current.hasNext();
  }

  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return RowFactory.create(object, users.key(current.next()));
  }
}
