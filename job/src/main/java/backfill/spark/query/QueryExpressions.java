package backfill.spark.query;

import static scala.jdk.javaapi.CollectionConverters.asJava;

import java.util.function.BiConsumer;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.View;

/**
 * The expressions that a query's own text became, its subqueries included, without those of the
 * views that it names: each of these is looked at by itself.
 */
final class QueryExpressions {
  private QueryExpressions() {}

  /**
   * Tells each of them.
   *
   * @param told gets an expression and the one that it is a part of, or null
   */
  static void of(LogicalPlan analyzed, BiConsumer<Expression, Expression> told) {
    if (analyzed instanceof View) {
      return;
    }
    asJava(analyzed.expressions()).forEach(expression -> tell(expression, null, told));
    asJava(analyzed.subqueries()).forEach(query -> of(query, told));
    asJava(analyzed.children()).forEach(child -> of(child, told));
  }

  private static void tell(
      Expression expression, Expression parent, BiConsumer<Expression, Expression> told) {
    told.accept(expression, parent);
    asJava(expression.children()).forEach(child -> tell(child, expression, told));
  }
}
