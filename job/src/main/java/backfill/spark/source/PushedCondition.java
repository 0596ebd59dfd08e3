package backfill.spark.source;

import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.ValueGroup;
import backfill.postgres.server.TableName;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.sql.connector.expressions.Expression;
import org.apache.spark.sql.connector.expressions.LiteralValue;
import org.apache.spark.sql.connector.expressions.NamedReference;
import org.apache.spark.sql.connector.expressions.filter.Predicate;

/**
 * Decides which of a query's filters PostgreSQL evaluates: only one that is true, false or NULL
 * there for exactly the rows for which it is so in Spark. What has no such condition stays with
 * Spark, and so does every filter around it.
 */
final class PushedCondition {
  private static final Map<String, String> COMPARISONS =
      Map.of("=", "=", "<>", "<>", "<", "<", "<=", "<=", ">", ">", ">=", ">=");

  /** To the same with its sides changed. */
  private static final Map<String, String> MIRRORED =
      Map.of("<", ">", "<=", ">=", ">", "<", ">=", "<=");

  private static final int MOST_VALUES = 1000;

  private final Table table;

  PushedCondition(Table table) {
    this.table = table;
  }

  /** The condition as SQL; empty where the filter is not PostgreSQL's to evaluate. */
  Optional<String> of(Predicate predicate) {
    Expression[] children = predicate.children();
    return switch (predicate.name()) {
      case "AND" -> joined(" AND ", children);
      case "OR" -> joined(" OR ", children);
      case "NOT" -> inner(children[0]).map(condition -> "(NOT " + condition + ")");
      case "ALWAYS_TRUE" -> Optional.of("true");
      case "ALWAYS_FALSE" -> Optional.of("false");
      case "IS_NULL" -> nullTest(children[0], " IS NULL)");
      case "IS_NOT_NULL" -> nullTest(children[0], " IS NOT NULL)");
      case "IN" -> in(children);
      case "<=>" -> nullSafe(children);
      default ->
          COMPARISONS.containsKey(predicate.name())
              ? compared(predicate.name(), children)
              : Optional.empty();
    };
  }

  private Optional<String> inner(Expression expression) {
    return expression instanceof Predicate predicate ? of(predicate) : Optional.empty();
  }

  private Optional<String> joined(String word, Expression[] children) {
    List<String> conditions = new ArrayList<>();
    for (Expression child : children) {
      Optional<String> condition = inner(child);
      if (condition.isEmpty()) {
        return condition;
      }
      conditions.add(condition.get());
    }
    return Optional.of("(" + String.join(word, conditions) + ")");
  }

  /** The server takes a row of NULLs for NULL, whose text is none. */
  private Optional<String> nullTest(Expression tested, String test) {
    return column(tested)
        .filter(column -> ValueGroup.of(column) != ValueGroup.PASSED_ON)
        .map(column -> "(" + TableName.quote(column.name()) + test);
  }

  private Optional<String> in(Expression[] children) {
    Optional<PushedType> type = column(children[0]).flatMap(PushedType::of);
    if (type.isEmpty() || children.length < 2 || children.length > MOST_VALUES) {
      return Optional.empty();
    }
    List<Optional<String>> values =
        Arrays.stream(children).skip(1).map(child -> value(type.get(), child)).toList();
    return values.stream().allMatch(Optional::isPresent)
        ? Optional.of(
            values.stream()
                .map(Optional::get)
                .collect(
                    Collectors.joining(
                        ", ",
                        "(" + type.get().column() + " OPERATOR(pg_catalog.=) ANY (ARRAY[",
                        "]))")))
        : Optional.empty();
  }

  private Optional<String> nullSafe(Expression[] children) {
    return compared("=", children)
        .flatMap(
            equal ->
                column(children[0])
                    .or(() -> column(children[1]))
                    .map(
                        column ->
                            "("
                                + TableName.quote(column.name())
                                + " IS NOT NULL AND "
                                + equal
                                + ")"));
  }

  private Optional<String> compared(String sign, Expression[] children) {
    if (column(children[0]).isEmpty()) {
      return column(children[1]).isEmpty()
          ? Optional.empty()
          : compared(
              MIRRORED.getOrDefault(sign, sign), new Expression[] {children[1], children[0]});
    }
    Optional<PushedType> type = column(children[0]).flatMap(PushedType::of);
    if (type.isEmpty() || MIRRORED.containsKey(sign) && !type.get().ordered()) {
      return Optional.empty();
    }
    return value(type.get(), children[1])
        .map(
            value -> "(%s OPERATOR(pg_catalog.%s) %s)".formatted(type.get().column(), sign, value));
  }

  private static Optional<String> value(PushedType type, Expression expression) {
    return expression instanceof LiteralValue<?> literal ? type.literal(literal) : Optional.empty();
  }

  private Optional<Column> column(Expression expression) {
    return expression instanceof NamedReference reference && reference.fieldNames().length == 1
        ? table.column(reference.fieldNames()[0])
        : Optional.empty();
  }
}
