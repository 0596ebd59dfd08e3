package backfill.spark.query;

import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * A column of a source that a value comes from, or that decides about it, and how.
 *
 * @param source its name in the plan
 */
public record Origin(String source, String column, How how) implements Comparable<Origin> {

  /** What becomes of the column's value; a later one outdoes an earlier one of the same kind. */
  public enum How {
    /** It is passed on as it is. */
    IDENTITY(true),
    /** Another value is computed from it. */
    TRANSFORMATION(true),
    /** One value is made of several rows'. */
    AGGREGATION(true),
    /** It decides which rows are joined. */
    JOIN(false),
    /** It decides which rows there are. */
    FILTER(false),
    /** It decides which rows are taken together. */
    GROUP_BY(false),
    /** It decides which rows come first, of which only so many are taken. */
    SORT(false),
    /** It decides which rows a window has, and in which order. */
    WINDOW(false),
    /** It decides which of several values is taken. */
    CONDITIONAL(false);

    /** Whether it has a part in the value. */
    public final boolean direct;

    How(boolean direct) {
      this.direct = direct;
    }

    /** What both come to, one after the other: what only decides never has a part later. */
    How then(How later) {
      if (!direct) {
        return this;
      }
      return !later.direct || later.ordinal() > ordinal() ? later : this;
    }
  }

  /** The same, used in this way next. */
  public Origin then(How later) {
    return new Origin(source, column, how.then(later));
  }

  /** The same of each. */
  public static Set<Origin> then(Set<Origin> origins, How later) {
    return origins.stream()
        .map(each -> each.then(later))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Override
  public int compareTo(Origin other) {
    int names = (source + '\0' + column).compareTo(other.source + '\0' + other.column);
    return names != 0 ? names : how.compareTo(other.how);
  }
}
