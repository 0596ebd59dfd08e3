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
 * Spells out what objects lack, or have too much, as rows (object, user), one set in memory at a
 * time, users ascending.
 */
final class PairRows implements Iterator<Row> {
  /** Which of an object's users. */
  enum Which {
    TO_INSERT,
    TO_DELETE
  }

  private final Iterator<ObjectPairs> objects;
  private final Which which;
  private final UserIndex users;
  private long object;
  private PeekableIntIterator current = new RoaringBitmap().getIntIterator();

  PairRows(Iterator<ObjectPairs> objects, Which which, UserIndex users) {
    this.which = which;
    this.objects = objects;
    this.users = users;
  }

  @Override
  public boolean hasNext() {
    while (!current.hasNext() && objects.hasNext()) {
      ObjectPairs next = objects.next();
      object = next.object();
      current =
          Sets.set(which == Which.TO_INSERT ? next.toInsert() : next.toDelete()).getIntIterator();
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
