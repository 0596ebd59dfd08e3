package backfill.spark.query;

import static scala.jdk.javaapi.CollectionConverters.asJava;

import backfill.plan.sql.MomentTexts;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.Nondeterministic;
import org.apache.spark.sql.catalyst.expressions.RuntimeReplaceable;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.TimestampNTZType;
import org.apache.spark.sql.types.TimestampType;

/**
 * Finds what a query would say otherwise the next time, by what Spark makes of it: the time,
 * chance, the session that asks. The plan's own check of its text comes before, and is not all: a
 * parameter may hold {@code now}, and a column of times be compared with {@code 'today'}.
 */
final class Repeatable {
  /** By their names: some versions of Spark have more of them than others. */
  private static final Set<String> MOVING =
      Set.of(
          "CurrentBatchTimestamp",
          "CurrentCatalog",
          "CurrentDatabase",
          "CurrentDate",
          "CurrentTime",
          "CurrentTimeZone",
          "CurrentTimestamp",
          "CurrentUser",
          "InputFileBlockLength",
          "InputFileBlockStart",
          "InputFileName",
          "LocalTimestamp",
          "Now",
          "SparkVersion");

  private Repeatable() {}

  /** A reason against the query for each. */
  static List<String> reasons(String where, Dataset<Row> query) {
    Set<String> reasons = new LinkedHashSet<>();
    QueryExpressions.of(
        query.queryExecution().analyzed(),
        (expression, parent) -> {
          if (moves(expression)) {
            Optional<QueryPlace> place = QueryPlace.of(expression.origin());
            reasons.add(
                where
                    + ": "
                    + place.map(QueryPlace::toString).orElseGet(expression::sql)
                    + ": differs on each run, or with the session that asks; use a column, a parameter or, for the"
                    + " time, :now");
          }
        });
    return List.copyOf(reasons);
  }

  private static boolean moves(Expression expression) {
    return expression instanceof Nondeterministic
        || MOVING.contains(expression.getClass().getSimpleName())
        || expression instanceof Cast cast && isMoment(cast)
        || expression instanceof RuntimeReplaceable written
            && written.replacement() instanceof Cast cast
            && isMoment(cast)
        // What Spark's own classes do not say, as of a function that is not to be relied on.
        || !expression.deterministic()
            && expression.getClass().getSimpleName().endsWith("UDF")
            && asJava(expression.children()).stream().allMatch(Expression::deterministic);
  }

  private static boolean isMoment(Cast cast) {
    return cast.child() instanceof Literal text
        && text.dataType() instanceof StringType
        && text.value() != null
        && (cast.dataType() instanceof TimestampType
            || cast.dataType() instanceof TimestampNTZType
            || cast.dataType() instanceof DateType)
        && MomentTexts.isMoving(text.value().toString());
  }
}
