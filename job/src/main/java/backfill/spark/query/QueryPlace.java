package backfill.spark.query;

import java.util.Optional;
import org.apache.spark.QueryContext;
import org.apache.spark.QueryContextType;
import org.apache.spark.sql.catalyst.trees.Origin;
import org.apache.spark.sql.catalyst.trees.SQLQueryContext;

/**
 * A part of a query's text, as Spark remembers where an expression comes from.
 *
 * @param query the whole text
 * @param line counted from 1
 * @param fragment the part, as it stands there
 */
record QueryPlace(String query, int line, String fragment) {
  private static final int LONGEST = 160;

  /** Empty where Spark knows none: what it or the job makes by itself is written nowhere. */
  static Optional<QueryPlace> of(Origin origin) {
    return of(origin.getQueryContext());
  }

  /** The first that is in a query. */
  static Optional<QueryPlace> of(QueryContext... contexts) {
    for (QueryContext context : contexts) {
      if (context.contextType() == QueryContextType.SQL
          && context instanceof SQLQueryContext text
          && text.isValid()) {
        int line = text.line().isDefined() ? (Integer) text.line().get() : 1;
        return Optional.of(new QueryPlace(text.sqlText().get(), line, text.fragment()));
      }
    }
    return Optional.empty();
  }

  /** The whole of one line, counted from 1. */
  QueryPlace atLine(int number) {
    return new QueryPlace(
        query, number, query.lines().skip(number - 1L).findFirst().orElse(fragment));
  }

  /** The part in one line, cut where it is long. */
  String shown() {
    String text = fragment.strip().replaceAll("\\s+", " ");
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
  }

  /** As in {@code line 2, a = b}. */
  @Override
  public String toString() {
    return "line " + line + ", " + shown();
  }
}
