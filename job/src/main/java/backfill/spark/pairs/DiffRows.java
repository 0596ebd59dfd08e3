package backfill.spark.pairs;

import backfill.membership.BitmapBytes;
import backfill.membership.UserIndex;
import backfill.postgres.ledger.Operation;
import backfill.postgres.server.RowEvent;
import backfill.postgres.write.WritePart;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;

/**
 * Spells out what objects lack, or have too much, as rows (object, user), one set in memory at a
 * time, users ascending.
 */
final class DiffRows implements Iterator<Row> {
  /** Which of an object's users. */
  enum Which {
    TO_INSERT,
    TO_DELETE;

    /** Those whose rows one write of the step is given. */
    static Which of(WritePart part) {
      return part.operation() == Operation.COMPARE_AND_DELETE ? TO_DELETE : TO_INSERT;
    }

    /** What happens to their rows. */
    RowEvent event() {
      return this == TO_INSERT ? RowEvent.INSERT : RowEvent.DELETE;
    }

    /** The users, as a set's bytes. */
    byte[] of(ObjectDiff object) {
      return this == TO_INSERT ? object.toInsert() : object.toDelete();
    }
  }

  private final Iterator<ObjectDiff> objects;
  private final Which which;
  private final UserIndex users;
  private final StepKeys keys;
  private List<Object> object = List.of();
  private PeekableIntIterator current = new RoaringBitmap().getIntIterator();

  DiffRows(Iterator<ObjectDiff> objects, Which which, UserIndex users, StepKeys keys) {
    this.which = which;
    this.objects = objects;
    this.users = users;
    this.keys = keys;
  }

  @Override
  public boolean hasNext() {
    while (!current.hasNext() && objects.hasNext()) {
      ObjectDiff next = objects.next();
      current = BitmapBytes.set(which.of(next)).getIntIterator();
      if (current.hasNext()) {
        object = keys.objects().values(next.object());
      }
    }
    return current.hasNext();
  }

  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    List<Object> user = keys.users().values(users.key(current.next()));
    return RowFactory.create(keys.row().of(object, user).toArray());
  }
}
