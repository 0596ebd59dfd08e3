package backfill.spark.sink;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** A row's key, ordered as Spark orders its columns, NULL first. */
record SortKey(List<Object> parts) implements Comparable<SortKey>, Serializable {

  /** The key of a row with these values, which has its columns at these places. */
  static SortKey of(Object[] values, int[] places) {
    Object[] parts = new Object[places.length];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = values[places[i]];
    }
    return new SortKey(Arrays.asList(parts));
  }

  @Override
  public int compareTo(SortKey other) {
    for (int i = 0; i < parts.size(); i++) {
      int order = compare(parts.get(i), other.parts.get(i));
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  /**
   * This key, where it may follow that one.
   *
   * @param before null at the beginning
   */
  SortKey after(SortKey before) {
    if (before != null && before.compareTo(this) > 0) {
      throw new IllegalStateException(
          "key "
              + this
              + " comes after "
              + before
              + "; with distribution = none each partition must ascend by the key");
    }
    return this;
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // Both come from one column: they are of one class.
  private static int compare(Object one, Object two) {
    if (one == null || two == null) {
      return one == two ? 0 : one == null ? -1 : 1;
    }
    if (one instanceof Double left) {
      // Spark takes the two zeros for one, as the server does.
      return left.doubleValue() == (Double) two ? 0 : left.compareTo((Double) two);
    } else if (one instanceof Float left) {
      return left.floatValue() == (Float) two ? 0 : left.compareTo((Float) two);
    }
    return one instanceof String left
        ? Arrays.compareUnsigned(
            left.getBytes(StandardCharsets.UTF_8), ((String) two).getBytes(StandardCharsets.UTF_8))
        : ((Comparable) one).compareTo(two);
  }

  @Override
  public String toString() {
    return parts.toString();
  }
}
