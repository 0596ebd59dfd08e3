package backfill.spark.query;

import static scala.jdk.javaapi.CollectionConverters.asJava;

import backfill.spark.query.ColumnFlow.Result;
import backfill.spark.query.Origin.How;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.CaseWhen;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.Exists;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.If;
import org.apache.spark.sql.catalyst.expressions.InSubquery;
import org.apache.spark.sql.catalyst.expressions.OuterReference;
import org.apache.spark.sql.catalyst.expressions.PlanExpression;
import org.apache.spark.sql.catalyst.expressions.ScalarSubquery;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.expressions.WindowExpression;
import org.apache.spark.sql.catalyst.expressions.WindowSpecDefinition;
import org.apache.spark.sql.catalyst.expressions.aggregate.AggregateExpression;
import org.apache.spark.sql.catalyst.expressions.aggregate.MaxMinBy;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;

/** Which columns of sources an expression's value comes from, and which only decide about it. */
final class ExpressionFlow {
  private final Map<Long, Set<Origin>> known;
  private final Function<LogicalPlan, Result> query;

  /**
   * @param known origins by an attribute's number; filled by what follows the plan
   * @param query what is known of a subquery's result
   */
  ExpressionFlow(Map<Long, Set<Origin>> known, Function<LogicalPlan, Result> query) {
    this.known = known;
    this.query = query;
  }

  /** Empty where that is not wholly known. */
  Optional<Set<Origin>> of(Expression expression) {
    if (expression instanceof Attribute attribute) {
      return Optional.ofNullable(known.get(attribute.exprId().id()));
    } else if (expression instanceof OuterReference outer) {
      return of((Expression) outer.e());
    } else if (expression instanceof Alias || expression instanceof SortOrder) {
      return of(asJava(expression.children()).get(0));
    } else if (expression instanceof Cast cast) {
      boolean same = cast.dataType().equals(cast.child().dataType());
      return all(List.of(cast.child()), same ? How.IDENTITY : How.TRANSFORMATION);
    } else if (expression instanceof If choice) {
      return both(
          all(List.of(choice.trueValue(), choice.falseValue()), How.TRANSFORMATION),
          all(List.of(choice.predicate()), How.CONDITIONAL));
    } else if (expression instanceof CaseWhen choice) {
      return choice(choice);
    } else if (expression instanceof MaxMinBy by) {
      return both(
          all(List.of(by.valueExpr()), How.IDENTITY),
          all(List.of(by.orderingExpr()), How.CONDITIONAL));
    } else if (expression instanceof AggregateExpression aggregate) {
      return both(
          all(List.of(aggregate.aggregateFunction()), How.AGGREGATION),
          aggregate.filter().isEmpty()
              ? Optional.of(Set.of())
              : all(List.of(aggregate.filter().get()), How.CONDITIONAL));
    } else if (expression instanceof WindowExpression window) {
      WindowSpecDefinition over = window.windowSpec();
      return both(
          all(List.of(window.windowFunction()), How.TRANSFORMATION),
          both(
              all(asJava(over.partitionSpec()), How.WINDOW),
              all(asJava(over.orderSpec()), How.WINDOW)));
    } else if (expression instanceof InSubquery in) {
      return in(in);
    } else if (expression instanceof PlanExpression<?> subquery) {
      return subquery(subquery);
    }
    return all(asJava(expression.children()), How.TRANSFORMATION);
  }

  private Optional<Set<Origin>> choice(CaseWhen choice) {
    Optional<Set<Origin>> origins =
        choice.elseValue().isEmpty()
            ? Optional.of(Set.of())
            : all(List.of(choice.elseValue().get()), How.TRANSFORMATION);
    for (var branch : asJava(choice.branches())) {
      origins = both(origins, all(List.of(branch._2()), How.TRANSFORMATION));
      origins = both(origins, all(List.of(branch._1()), How.CONDITIONAL));
    }
    return origins;
  }

  /** What decides which rows a subquery has decides about the value. */
  private Optional<Set<Origin>> subquery(PlanExpression<?> subquery) {
    if (subquery instanceof ScalarSubquery scalar) {
      Result result = query.apply(scalar.plan());
      return both(
          result.columns().get(0).map(found -> Origin.then(found, How.TRANSFORMATION)),
          result.deciding());
    } else if (subquery instanceof Exists exists) {
      return query.apply(exists.plan()).deciding();
    }
    return Optional.empty();
  }

  private Optional<Set<Origin>> in(InSubquery in) {
    Result result = query.apply(in.query().plan());
    Optional<Set<Origin>> origins =
        both(all(asJava(in.values()), How.TRANSFORMATION), result.deciding());
    for (Optional<Set<Origin>> column : result.columns()) {
      origins = both(origins, column.map(found -> Origin.then(found, How.TRANSFORMATION)));
    }
    return origins;
  }

  private Optional<Set<Origin>> all(List<? extends Expression> parts, How how) {
    Optional<Set<Origin>> origins = Optional.of(Set.of());
    for (Expression part : parts) {
      origins = both(origins, of(part).map(found -> Origin.then(found, how)));
    }
    return origins;
  }

  private static Optional<Set<Origin>> both(Optional<Set<Origin>> one, Optional<Set<Origin>> two) {
    if (one.isEmpty() || two.isEmpty()) {
      return Optional.empty();
    }
    Set<Origin> origins = new TreeSet<>(one.get());
    origins.addAll(two.get());
    return Optional.of(origins);
  }
}
