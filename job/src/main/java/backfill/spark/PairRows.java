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
 * Spells out what objects lack as rows (object, user), one set in memory at a time, users
 * ascending.
 */
final class PairRows implements Iterator<Row> {
  private final Iterator<ObjectPairs> objects;
  private final UserIndex users;
  private long object;
  private PeekableIntIterator current = new RoaringBitmap().getIntIterator();

  PairRows(Iterator<ObjectPairs> objects, UserIndex users) {
    this.objects = objects;
    this.users = users;
  }

  @Override
  public boolean hasNext() {
    while (!current.hasNext() && objects.hasNext()) {
      ObjectPairs next = objects.next();
      object = next.object();
      current = Sets.set(next.toInsert()).getIntIterator();
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
