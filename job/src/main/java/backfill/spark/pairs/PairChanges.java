package backfill.spark.pairs;

import backfill.membership.BitmapBytes;
import backfill.membership.LevelsOfSet;
import backfill.membership.UserIndex;
import backfill.postgres.server.RowEvent;
import backfill.spark.diff.DiffShape;
import backfill.spark.diff.DiffSum;
import backfill.spark.diff.RowChange;
import backfill.spark.diff.RowSum;
import backfill.spark.read.KeyNumbers;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;

/**
 * What becomes of the pairs of one object after the other: those to add, or to give another level,
 * each with its reasons, and after them those to delete. Holds one object's sets at a time.
 */
final class PairChanges implements Iterator<RowChange> {
  private final Iterator<ObjectDiff> objects;
  private final PairReasons.Ahead parts;
  private final PairReasons reasons;
  private final UserIndex users;
  private final StepKeys keys;
  private final String[] set;
  private List<String> object = List.of();
  private RoaringBitmap toSet = new RoaringBitmap();
  private LevelsOfSet.Lookup planned;
  private LevelsOfSet.Lookup held;
  private PeekableIntIterator toDelete = new RoaringBitmap().getIntIterator();

  /**
   * @param parts what gives the objects, in the same order
   * @param set what a new row gets besides its key and level
   */
  PairChanges(
      Iterator<ObjectDiff> objects,
      PairReasons.Ahead parts,
      PairReasons reasons,
      UserIndex users,
      StepKeys keys,
      String[] set) {
    this.objects = objects;
    this.parts = parts;
    this.reasons = reasons;
    this.users = users;
    this.keys = keys;
    this.set = set;
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
    if (next.levels() != null) {
      toSet = BitmapBytes.set(next.toSet());
      planned = next.plannedLevels();
      held = next.heldLevels();
      missing.or(toSet);
    }
    if (!missing.isEmpty()) {
      reasons.of(next.object(), byLevel(missing, next), parts);
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
    if (!reasons.hasNext()) {
      int user = toDelete.next();
      return new RowChange(RowEvent.DELETE, key(user), null, text(held, user), null);
    }
    int user = reasons.next();
    boolean sets = toSet.contains(user);
    return new RowChange(
        sets ? RowEvent.UPDATE : RowEvent.INSERT,
        key(user),
        reasons.reasons(),
        sets ? text(held, user) : null,
        sets ? text(planned, user) : added(user));
  }

  private String[] added(int user) {
    if (set.length == 0) {
      return text(planned, user);
    }
    return Stream.concat(
            planned == null ? Stream.empty() : Stream.of(text(planned, user)), Stream.of(set))
        .toArray(String[]::new);
  }

  /** Those of each level; all at 0 where pairs have none. */
  private RoaringBitmap[] byLevel(RoaringBitmap some, ObjectDiff of) {
    RoaringBitmap[] all = new RoaringBitmap[keys.levels().count()];
    Arrays.setAll(all, level -> of.levels() == null ? some : new RoaringBitmap());
    of.plannedByLevel()
        .forEach(set -> all[set.level()] = RoaringBitmap.and(BitmapBytes.set(set.members()), some));
    return all;
  }

  private String[] text(LevelsOfSet.Lookup level, int user) {
    return level == null ? null : new String[] {keys.levels().text(level.of(user))};
  }

  private String[] key(int user) {
    return keys.row().of(object, keys.users().texts(users.key(user))).toArray(String[]::new);
  }

  /** The sum of the same rows, without their reasons. */
  static DiffSum sum(
      Iterator<ObjectDiff> objects, DiffShape shape, UserIndex users, StepKeys keys, String[] set) {
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
          List<String> after = shape.after(which.event());
          LevelsOfSet.Lookup level = after.isEmpty() ? null : object.plannedLevels();
          int filled = level == null ? 0 : 1;
          while (each.hasNext()) {
            sum.back(place);
            int user = each.next();
            add(sum, keys.users(), users.key(user), keys.row().own(), userVaries);
            if (level != null) {
              add(sum, after.get(0), keys.levels().text(level.of(user)), shape);
            }
            for (int column = filled; column < after.size(); column++) {
              add(sum, after.get(column), set[column - filled], shape);
            }
            sum.end();
          }
        }
      }
    }
    return sum.sum();
  }

  private static void add(RowSum sum, String column, String value, DiffShape shape) {
    sum.value(column);
    if (shape.varying().contains(column)) {
      sum.varies();
    } else {
      sum.value(value);
    }
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
