package backfill.spark.rows;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.catalyst.expressions.RowOrdering;
import org.apache.spark.sql.types.DataType;
import scala.jdk.javaapi.CollectionConverters;
import scala.math.Ordering;

/**
 * Two sides of rows in the order of their keys, in one pass: each row of the one side beside each
 * row of the other that has its key, or beside nothing. Every row that comes is the same object,
 * and holds until the next one is asked for. Runs on executors.
 */
final class MergedRows implements Iterator<InternalRow> {
  private static final InternalRow ONCE = new GenericInternalRow(new Object[] {false});
  private static final InternalRow TWICE = new GenericInternalRow(new Object[] {true});

  private final Iterator<InternalRow> ones;
  private final Iterator<InternalRow> others;
  private final Layout layout;
  private final Ordering<InternalRow> order;
  private final InternalRow noOne;
  private final InternalRow noOther;
  private final JoinedRow sides = new JoinedRow();
  private final JoinedRow whole = new JoinedRow();

  /** The other side's rows of one key, as long as rows of the one side come that have it. */
  private final List<InternalRow> run = new ArrayList<>();

  private InternalRow one;
  private InternalRow other;

  /** The row of the one side before this, where nothing was beside it. */
  private InternalRow before;

  private int place;
  private boolean twice;
  private Runnable advance;
  private InternalRow next;

  /**
   * What both sides' rows begin with: the key; then, on the one side, whether the row is beside
   * none, whatever its key. Of one key those that are come last.
   *
   * @param ones columns of the one side
   * @param others columns of the other
   * @param lone whether rows of the other side come, too, that are beside none
   */
  record Layout(List<DataType> key, int ones, int others, boolean lone) implements Serializable {}

  MergedRows(Iterator<InternalRow> ones, Iterator<InternalRow> others, Layout layout) {
    this.ones = ones;
    this.others = others;
    this.layout = layout;
    this.order =
        RowOrdering.createNaturalAscendingOrdering(
            CollectionConverters.asScala(layout.key()).toList());
    this.noOne = new GenericInternalRow(layout.ones());
    this.noOther = new GenericInternalRow(layout.others());
    this.advance =
        () -> {
          nextOne();
          nextOther();
        };
  }

  @Override
  public boolean hasNext() {
    if (next == null) {
      next = found();
    }
    return next != null;
  }

  /** The last field says whether the one side had the key before. */
  @Override
  public InternalRow next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    InternalRow found = next;
    next = null;
    return found;
  }

  /** A row that was given away is left only now. */
  private InternalRow found() {
    if (advance != null) {
      advance.run();
      advance = null;
    }
    while (true) {
      if (!run.isEmpty()) {
        if (place < run.size()) {
          return together(one, run.get(place++));
        }
        endRun();
      } else if (one == null && other == null) {
        return null;
      } else {
        int compared = one == null ? 1 : other == null ? -1 : order.compare(one, other);
        if (compared < 0 || compared == 0 && isAlone()) {
          return withoutOther();
        } else if (compared == 0) {
          beginRun();
        } else if (layout.lone()) {
          advance = this::nextOther;
          twice = false;
          return together(noOne, other);
        } else {
          nextOther();
        }
      }
    }
  }

  private boolean isAlone() {
    return one.getBoolean(layout.key().size());
  }

  private InternalRow withoutOther() {
    boolean alone = isAlone();
    twice = !alone && before != null && order.compare(before, one) == 0;
    before = alone ? null : one.copy();
    advance = this::nextOne;
    return together(one, noOther);
  }

  private void beginRun() {
    while (other != null && order.compare(one, other) == 0) {
      run.add(other.copy());
      nextOther();
    }
    place = 0;
    twice = false;
    before = null;
  }

  /** Perhaps the one side has the key once more. */
  private void endRun() {
    nextOne();
    place = 0;
    twice = one != null && !isAlone() && order.compare(one, run.get(0)) == 0;
    if (!twice) {
      run.clear();
    }
  }

  private InternalRow together(InternalRow first, InternalRow second) {
    return whole.apply(sides.apply(first, second), twice ? TWICE : ONCE);
  }

  private void nextOne() {
    one = ones.hasNext() ? ones.next() : null;
  }

  private void nextOther() {
    other = others.hasNext() ? others.next() : null;
  }
}
