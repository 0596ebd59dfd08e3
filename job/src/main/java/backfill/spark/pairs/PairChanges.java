package backfill.spark.pairs;

import backfill.membership.BitmapBytes;
import backfill.membership.UserIndex;
import backfill.postgres.server.RowEvent;
import backfill.spark.diff.DiffShape;
import backfill.spark.diff.DiffSum;
import backfill.spark.diff.RowChange;
import backfill.spark.diff.RowSum;
import backfill.spark.read.KeyNumbers;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.IntStream;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;

/**
 * What becomes of the pairs of one object after the other: those to add, each with its reasons, and
 * after them those to delete. Holds one object's sets at a time.
 */
final class PairChanges implements Iterator<RowChange> {
  private final Iterator<ObjectDiff> objects;
  private final PairReasons.Ahead parts;
  private final PairReasons reasons;
  private final UserIndex users;
  private final StepKeys keys;
  private List<String> object = List.of();
  private PeekableIntIterator toDelete = new RoaringBitmap().getIntIterator();

  /**
   * @param parts what gives the objects, in the same order
   */
  PairChanges(
      Iterator<ObjectDiff> objects,
      PairReasons.Ahead parts,
      PairReasons reasons,
      UserIndex users,
      StepKeys keys) {
    this.objects = objects;
    this.parts = parts;
    this.reasons = reasons;
    this.users = users;
    this.keys = keys;
  }

  @Override
  public boolean hasNext() {
    while (!reasons.hasNext() && !toDelete.hasNext() && objects.hasNext()) {
      begin(objects.next());
    }
    return reasons.hasNext() || toDelete.hasNext();
  }

  private void begin(ObjectDiff next) {
    RoaringBitmap missing = BitmapBytes.set(next.toInsert());
    toDelete = BitmapBytes.set(next.toDelete()).getIntIterator();
    if (!missing.isEmpty()) {
      reasons.of(next.object(), missing, parts);
    }
    if (!missing.isEmpty() || toDelete.hasNext()) {
      object = keys.objects().texts(next.object());
    }
  }

  @Override
  public RowChange next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return reasons.hasNext()
        ? new RowChange(RowEvent.INSERT, key(reasons.next()), reasons.reasons(), null, null)
        : new RowChange(RowEvent.DELETE, key(toDelete.next()), null, null, null);
  }

  private String[] key(int user) {
    return keys.row().of(object, keys.users().texts(users.key(user))).toArray(String[]::new);
  }

  /** The sum of the same rows, without their reasons. */
  static DiffSum sum(
      Iterator<ObjectDiff> objects, DiffShape shape, UserIndex users, StepKeys keys) {
    List<Boolean> varies = shape.key().stream().map(shape.varying()::contains).toList();
    List<Boolean> objectVaries = keys.row().object(varies);
    List<Boolean> userVaries = keys.row().user(varies);
    List<Integer> ofObject = IntStream.range(0, objectVaries.size()).boxed().toList();
    RowSum sum = new RowSum();
    while (objects.hasNext()) {
      ObjectDiff object = objects.next();
      for (DiffRows.Which which : DiffRows.Which.values()) {
        PeekableIntIterator each = BitmapBytes.set(which.of(object)).getIntIterator();
        if (each.hasNext()) {
          sum.begin(which.event());
          add(sum, keys.objects(), object.object(), ofObject, objectVaries);
          int place = sum.place();
          while (each.hasNext()) {
            sum.back(place);
            add(sum, keys.users(), users.key(each.next()), keys.row().own(), userVaries);
            sum.end();
          }
        }
      }
    }
    return sum.sum();
  }

  /**
   * @param columns the places of the key's columns that are added
   * @param varies for each of the key's columns
   */
  private static void add(
      RowSum sum, KeyNumbers keys, long number, List<Integer> columns, List<Boolean> varies) {
    if (!keys.coded()) {
      if (varies.get(0)) {
        sum.varies();
      } else {
        sum.value(number);
      }
      return;
    }
    List<Object> values = keys.values(number);
    for (int column : columns) {
      if (varies.get(column)) {
        sum.varies();
      } else if (values.get(column) instanceof Long integer) {
        sum.value(integer.longValue());
      } else {
        sum.value(values.get(column).toString());
      }
    }
  }
}
