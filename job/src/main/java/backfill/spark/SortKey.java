package backfill.spark;

import java.io.Serializable;
import java.util.List;

/** A row's key, ordered as Spark orders its columns, NULL first. */
record SortKey(List<Object> parts) implements Comparable<SortKey>, Serializable {
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

  @SuppressWarnings({"unchecked", "rawtypes"}) // Both come from one column: they are of one class.
  private static int compare(Object one, Object two) {
    if (one == null || two == null) {
      return one == two ? 0 : one == null ? -1 : 1;
    }
    return one instanceof String left
        ? java.util.Arrays.compareUnsigned(
            left.getBytes(java.nio.charset.StandardCharsets.UTF_8),
            ((String) two).getBytes(java.nio.charset.StandardCharsets.UTF_8))
        : ((Comparable) one).compareTo(two);
  }

  @Override
  public String toString() {
    return parts.toString();
  }
}
