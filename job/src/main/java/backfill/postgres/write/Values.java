package backfill.postgres.write;

import java.util.Arrays;
import java.util.BitSet;

/**
 * The values of one column in the order of a batch's rows: as long as all of them are integers 8
 * bytes each, otherwise an object each. Used by one thread.
 */
final class Values {
  private static final int FIRST_ROOM = 64;

  private long[] integers;
  private Object[] objects;
  private int size;

  /**
   * @param integers whether the column's values are expected to be integers
   */
  Values(boolean integers) {
    if (integers) {
      this.integers = new long[FIRST_ROOM];
    } else {
      this.objects = new Object[FIRST_ROOM];
    }
  }

  private Values(long[] integers, Object[] objects) {
    this.integers = integers;
    this.objects = objects;
    this.size = integers == null ? objects.length : integers.length;
  }

  void add(long value) {
    if (integers == null) {
      add((Object) value);
    } else {
      if (size == integers.length) {
        integers = Arrays.copyOf(integers, 2 * size);
      }
      integers[size++] = value;
    }
  }

  void add(Object value) {
    if (integers != null && value instanceof Long number) {
      add(number.longValue());
      return;
    }
    if (integers != null) {
      objects = Arrays.copyOf(Arrays.stream(integers, 0, size).boxed().toArray(), integers.length);
      integers = null;
    }
    if (size == objects.length) {
      objects = Arrays.copyOf(objects, 2 * size);
    }
    objects[size++] = value;
  }

  /** Adds all values of another column, in their order. */
  void addAll(Values others) {
    if (integers == null || others.integers == null) {
      for (int row = 0; row < others.size; row++) {
        add(others.get(row));
      }
      return;
    }
    if (integers.length < size + others.size) {
      integers = Arrays.copyOf(integers, Math.max(2 * size, size + others.size));
    }
    System.arraycopy(others.integers, 0, integers, size, others.size);
    size += others.size;
  }

  int size() {
    return size;
  }

  void clear() {
    cutTo(0);
  }

  /** Forgets those from this place on. */
  void cutTo(int smaller) {
    if (objects != null) {
      Arrays.fill(objects, smaller, size, null);
    }
    size = smaller;
  }

  /** Whether each value is an integer, which {@link #integer} gives. */
  boolean areIntegers() {
    return integers != null;
  }

  long integer(int row) {
    return integers[row];
  }

  /** The value as an object, or null. */
  Object get(int row) {
    return integers == null ? objects[row] : (Object) integers[row];
  }

  boolean hasNull() {
    return integers == null && Arrays.asList(objects).subList(0, size).contains(null);
  }

  /** An array of its own: {@code long[]} or {@code Object[]}. */
  Object array() {
    return integers == null ? Arrays.copyOf(objects, size) : (Object) Arrays.copyOf(integers, size);
  }

  /** Those from one row to before another. */
  Values part(int from, int to) {
    return new Values(
        integers == null ? null : Arrays.copyOfRange(integers, from, to),
        integers == null ? Arrays.copyOfRange(objects, from, to) : null);
  }

  /** Those of all rows but these. */
  Values without(BitSet rows) {
    Values rest = new Values(integers != null);
    for (int row = rows.nextClearBit(0); row < size; row = rows.nextClearBit(row + 1)) {
      if (integers == null) {
        rest.add(objects[row]);
      } else {
        rest.add(integers[row]);
      }
    }
    return rest;
  }
}
