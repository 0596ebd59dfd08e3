package backfill.spark.query;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.analysis.UnresolvedFunction;
import org.apache.spark.sql.catalyst.expressions.BinaryArithmetic;
import org.apache.spark.sql.catalyst.expressions.BinaryMathExpression;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.UnaryMathExpression;
import org.apache.spark.sql.catalyst.expressions.aggregate.AggregateFunction;
import org.apache.spark.sql.catalyst.parser.CatalystSqlParser$;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructType;

/**
 * Finds where a query's values lose digits without its saying so. Spark brings two types that meet
 * to a common one by casts of its own: two decimals whose digits do not fit into 38 together to one
 * without the fraction, and a decimal or a bigint beside a double to a double. Then 1 equals 1.4,
 * and one key another.
 */
final class ImplicitCasts {
  /** So many decimal digits are the same again after they were a double. */
  private static final int DIGITS_OF_A_DOUBLE = 15;

  private ImplicitCasts() {}

  /** A reason against the query for each. */
  static List<String> reasons(String where, Dataset<Row> query) {
    Set<String> reasons = new LinkedHashSet<>();
    QueryExpressions.of(
        query.queryExecution().analyzed(),
        (expression, parent) -> {
          if (expression instanceof Cast cast
              && !isWritten(cast)
              && loses(cast.child().dataType(), cast.dataType(), parent)) {
            reasons.add(where + ": " + reason(cast, parent));
          }
        });
    return List.copyOf(reasons);
  }

  /** As CAST or ::, which the parser notes, or as a function named like the type. */
  private static boolean isWritten(Cast cast) {
    return cast.containsTag(Cast.USER_SPECIFIED_CAST())
        || QueryPlace.of(cast.origin())
            .filter(
                at ->
                    at.fragment().matches("(?is)(decimal|double|float)\\s*\\(.*\\)")
                        && CatalystSqlParser$.MODULE$.parseExpression(at.fragment())
                            instanceof UnresolvedFunction)
            .isPresent();
  }

  private static boolean loses(DataType from, DataType to, Expression parent) {
    if (from instanceof DecimalType given && to instanceof DecimalType taken) {
      return taken.scale() < given.scale();
    }
    if (to instanceof DoubleType || to instanceof FloatType) {
      return hasMoreDigits(from, to) && !computes(parent);
    }
    if (from instanceof ArrayType given && to instanceof ArrayType taken) {
      return loses(given.elementType(), taken.elementType(), null);
    }
    if (from instanceof MapType given && to instanceof MapType taken) {
      return loses(given.keyType(), taken.keyType(), null)
          || loses(given.valueType(), taken.valueType(), null);
    }
    return from instanceof StructType given
        && to instanceof StructType taken
        && loses(given, taken);
  }

  private static boolean loses(StructType from, StructType to) {
    for (int i = 0; i < Math.min(from.length(), to.length()); i++) {
      if (loses(from.fields()[i].dataType(), to.fields()[i].dataType(), null)) {
        return true;
      }
    }
    return false;
  }

  private static boolean hasMoreDigits(DataType from, DataType to) {
    return from instanceof LongType
        || from instanceof IntegerType && to instanceof FloatType
        || from instanceof DecimalType decimal && decimal.precision() > DIGITS_OF_A_DOUBLE;
  }

  /** What is computed as a double is one, however its parts were given. */
  private static boolean computes(Expression parent) {
    return parent instanceof BinaryArithmetic
        || parent instanceof UnaryMathExpression
        || parent instanceof BinaryMathExpression
        || parent instanceof AggregateFunction;
  }

  private static String reason(Cast cast, Expression parent) {
    Expression value = cast.child();
    String given = value.dataType().simpleString();
    String taken = cast.dataType().simpleString();
    Optional<QueryPlace> place = parent == null ? Optional.empty() : QueryPlace.of(parent.origin());
    if (place.isEmpty()) {
      place = QueryPlace.of(value.origin());
    }
    return place.map(at -> at + ": ").orElse("")
        + "%s, a %s, is taken as %s there, which loses digits; write the cast that is meant, as in CAST(%s AS %s)"
            .formatted(text(value), given, taken, text(value), taken.toUpperCase(Locale.ROOT));
  }

  /** Of a column Spark remembers a place where it stood, and not this one. */
  private static String text(Expression value) {
    if (value instanceof NamedExpression column) {
      return column.name();
    }
    return QueryPlace.of(value.origin()).map(QueryPlace::shown).orElseGet(value::sql);
  }
}
