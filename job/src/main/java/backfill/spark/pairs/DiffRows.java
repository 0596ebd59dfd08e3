package backfill.spark.pairs;

import backfill.membership.BitmapBytes;
import backfill.membership.LevelsOfSet;
import backfill.membership.UserIndex;
import backfill.postgres.server.RowEvent;
import backfill.postgres.write.WritePart;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;

/**
 * Spells out what objects lack, have otherwise, or have too much, as rows (object, user) with their
 * levels, one set in memory at a time, users ascending.
 */
final class DiffRows implements Iterator<Row> {
  /** Which of an object's users. */
  enum Which {
    TO_INSERT,
    TO_SET,
    TO_DELETE;

    /** Those whose rows one write of the step is given. */
    static Which of(WritePart part) {
      return switch (part.operation()) {
        case COMPARE_AND_DELETE -> TO_DELETE;
        case COMPARE_AND_SET -> TO_SET;
        case INSERT_MISSING, INSERT_AND_NAME -> TO_INSERT;
      };
    }

    /** What happens to their rows. */
    RowEvent event() {
      return switch (this) {
        case TO_INSERT -> RowEvent.INSERT;
        case TO_SET -> RowEvent.UPDATE;
        case TO_DELETE -> RowEvent.DELETE;
      };
    }

    /** The users, as a set's bytes. */
    byte[] of(ObjectDiff object) {
      return switch (this) {
        case TO_INSERT -> object.toInsert();
        case TO_SET -> object.toSet();
        case TO_DELETE -> object.toDelete();
      };
    }

    /** The levels of a row behind its key: what it gets, and what it held. */
    List<LevelsOfSet.Lookup> levels(ObjectDiff object) {
      if (object.levels() == null) {
        return List.of();
      }
      return switch (this) {
        case TO_INSERT -> List.of(object.plannedLevels());
        case TO_SET -> List.of(object.plannedLevels(), object.heldLevels());
        case TO_DELETE -> List.of(object.heldLevels());
      };
    }
  }

  private final Iterator<ObjectDiff> objects;
  private final Which which;
  private final UserIndex users;
  private final StepKeys keys;
  private List<Object> object = List.of();
  private List<LevelsOfSet.Lookup> levels = List.of();
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
        levels = which.levels(next);
      }
    }
    return current.hasNext();
  }

  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    int user = current.next();
    List<Object> row = new ArrayList<>(keys.row().of(object, keys.users().values(users.key(user))));
    levels.forEach(level -> row.add(keys.levels().cell(level.of(user))));
    return RowFactory.create(row.toArray());
  }
}
