package backfill.spark.sink;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A PostgreSQL type apart from the bounds to which it rounds or cuts.
 *
 * @param name as {@code timestamp without time zone}
 * @param bounds none, or a length, or digits and decimals, as declared
 */
record BoundedType(String name, List<Integer> bounds) {
  private static final Pattern BOUNDS = Pattern.compile("\\((-?\\d+)(?:,(-?\\d+))?\\)");

  static BoundedType of(String declared) {
    Matcher found = BOUNDS.matcher(declared);
    if (!found.find()) {
      return new BoundedType(declared, List.of());
    }
    List<Integer> bounds =
        found.group(2) == null
            ? List.of(Integer.valueOf(found.group(1)))
            : List.of(Integer.valueOf(found.group(1)), Integer.valueOf(found.group(2)));
    return new BoundedType(found.replaceFirst(""), bounds);
  }

  /** How many digits a value may have after its point, or a second has. */
  int last(int otherwise) {
    return bounds.isEmpty() ? otherwise : bounds.get(bounds.size() - 1);
  }
}
