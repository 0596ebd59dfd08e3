package backfill.spark.query;

import static scala.jdk.javaapi.CollectionConverters.asJava;

import backfill.spark.query.ColumnUses.SourceColumn;
import backfill.spark.query.UsesSeen.Use;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.BinaryComparison;
import org.apache.spark.sql.catalyst.expressions.CaseWhen;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.Coalesce;
import org.apache.spark.sql.catalyst.expressions.EqualNullSafe;
import org.apache.spark.sql.catalyst.expressions.EqualTo;
import org.apache.spark.sql.catalyst.expressions.Exists;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.FrameLessOffsetWindowFunction;
import org.apache.spark.sql.catalyst.expressions.Greatest;
import org.apache.spark.sql.catalyst.expressions.If;
import org.apache.spark.sql.catalyst.expressions.In;
import org.apache.spark.sql.catalyst.expressions.InSubquery;
import org.apache.spark.sql.catalyst.expressions.IsNotNull;
import org.apache.spark.sql.catalyst.expressions.IsNull;
import org.apache.spark.sql.catalyst.expressions.Least;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.NthValue;
import org.apache.spark.sql.catalyst.expressions.OuterReference;
import org.apache.spark.sql.catalyst.expressions.PlanExpression;
import org.apache.spark.sql.catalyst.expressions.ScalarSubquery;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.expressions.WindowExpression;
import org.apache.spark.sql.catalyst.expressions.WindowSpecDefinition;
import org.apache.spark.sql.catalyst.expressions.aggregate.AggregateExpression;
import org.apache.spark.sql.catalyst.expressions.aggregate.AnyValue;
import org.apache.spark.sql.catalyst.expressions.aggregate.CollectSet;
import org.apache.spark.sql.catalyst.expressions.aggregate.Count;
import org.apache.spark.sql.catalyst.expressions.aggregate.First;
import org.apache.spark.sql.catalyst.expressions.aggregate.Last;
import org.apache.spark.sql.catalyst.expressions.aggregate.Max;
import org.apache.spark.sql.catalyst.expressions.aggregate.MaxMinBy;
import org.apache.spark.sql.catalyst.expressions.aggregate.Min;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.types.DataTypes;

/**
 * What an expression of a query does with columns that are passed on to it: compares them, orders
 * by them, hands them to a function, or passes them on.
 */
final class ExpressionUses {
  /** They look at no value: whatever its form, NULL is NULL. */
  private static final Set<Class<?>> ASK_FOR_NULL =
      Set.of(IsNull.class, IsNotNull.class, Count.class, Exists.class);

  private final Map<Long, SourceColumn> passedOn;
  private final Consumer<LogicalPlan> visit;
  private final UsesSeen uses;
  private String place;

  /**
   * @param passedOn by an attribute's number; filled by who follows the plan
   * @param visit is given the query of a subquery
   */
  ExpressionUses(Map<Long, SourceColumn> passedOn, Consumer<LogicalPlan> visit, UsesSeen uses) {
    this.passedOn = passedOn;
    this.visit = visit;
    this.uses = uses;
  }

  /** From here on uses are those of this query. */
  void at(String place) {
    this.place = place;
  }

  /** The column whose values an expression gives as they are. */
  Optional<SourceColumn> passedOn(Expression expression) {
    if (expression instanceof AttributeReference attribute) {
      return Optional.ofNullable(passedOn.get(attribute.exprId().id()));
    } else if (expression instanceof OuterReference outer) {
      return passedOn((Expression) outer.e());
    } else if (expression instanceof ScalarSubquery query) {
      return Optional.ofNullable(passedOn.get(query.plan().output().head().exprId().id()));
    }
    List<Expression> chosen =
        chosenAmong(expression).stream().filter(each -> !isNull(each)).toList();
    List<Optional<SourceColumn>> columns = chosen.stream().map(this::passedOn).toList();
    if (columns.isEmpty() || columns.get(0).isEmpty()) {
      return Optional.empty();
    }
    SourceColumn first = columns.get(0).get();
    return columns.stream().allMatch(each -> each.filter(first::isLike).isPresent())
        ? columns.get(0)
        : Optional.empty();
  }

  private static boolean isNull(Expression expression) {
    return expression instanceof Literal literal && literal.value() == null
        || expression instanceof Cast cast && isNull(cast.child());
  }

  /** The expressions of which this one gives one, unchanged; none where it computes. */
  private static List<Expression> chosenAmong(Expression expression) {
    if (expression instanceof Alias alias) {
      return List.of(alias.child());
    } else if (expression instanceof Cast cast) {
      return cast.dataType().equals(cast.child().dataType()) && !isAsked(cast)
          ? List.of(cast.child())
          : List.of();
    } else if (expression instanceof AggregateExpression aggregate) {
      return List.of(aggregate.aggregateFunction());
    } else if (expression instanceof WindowExpression window) {
      return List.of(window.windowFunction());
    } else if (expression instanceof First || expression instanceof Last) {
      return List.of(expression.children().head());
    } else if (expression instanceof AnyValue
        || expression instanceof NthValue
        || expression instanceof FrameLessOffsetWindowFunction) {
      return List.of(expression.children().head());
    } else if (expression instanceof MaxMinBy by) {
      return List.of(by.valueExpr());
    } else if (expression instanceof Coalesce) {
      return asJava(expression.children());
    } else if (expression instanceof If choice) {
      return List.of(choice.trueValue(), choice.falseValue());
    } else if (expression instanceof CaseWhen choice) {
      List<Expression> values = new ArrayList<>();
      asJava(choice.branches()).forEach(branch -> values.add(branch._2()));
      choice.elseValue().foreach(values::add);
      return values;
    }
    return List.of();
  }

  /** Spark adds casts of its own; those that a query asks for are marked. */
  private static boolean isAsked(Cast cast) {
    return cast.getTagValue(Cast.USER_SPECIFIED_CAST()).isDefined();
  }

  /** Told apart by its value: of a group, of a distinct row, of a partition. */
  void grouped(Expression expression) {
    look(expression, Use.GROUPED, expression);
  }

  /** A condition, or anything else whose value is not given on. */
  void used(Expression expression) {
    look(expression, Use.COMPUTED, expression);
  }

  /** A column of the result. */
  void selected(Expression expression) {
    look(expression, passedOn(expression).isPresent() ? Use.PASSED_ON : Use.COMPUTED, expression);
  }

  /** One column of a result with values of another kind. */
  void mixed(Expression expression) {
    look(expression, Use.MIXED, expression);
  }

  /**
   * @param use what becomes of the expression's value
   * @param user what uses it
   */
  private void look(Expression expression, Use use, Expression user) {
    if (expression instanceof AttributeReference || expression instanceof OuterReference) {
      passedOn(expression).ifPresent(column -> uses.see(column, use, user.sql(), place));
    } else if (expression instanceof EqualTo || expression instanceof EqualNullSafe) {
      compare(asJava(expression.children()), expression);
    } else if (expression instanceof In in) {
      List<Expression> all = new ArrayList<>(List.of(in.value()));
      all.addAll(asJava(in.list()));
      compare(all, expression);
    } else if (expression instanceof InSubquery in) {
      visit.accept(in.query().plan());
      for (int i = 0; i < in.values().size(); i++) {
        compare(
            List.of(in.values().apply(i), (Expression) in.query().plan().output().apply(i)),
            expression);
      }
    } else if (isOrder(expression)) {
      asJava(expression.children()).forEach(child -> look(child, Use.ORDERED, expression));
    } else if (expression instanceof MaxMinBy by) {
      look(by.valueExpr(), use, user);
      look(by.orderingExpr(), Use.ORDERED, expression);
    } else if (expression instanceof PlanExpression<?> query) {
      visit.accept((LogicalPlan) query.plan());
      if (query instanceof ScalarSubquery scalar) {
        look((Expression) scalar.plan().output().head(), use, user);
      }
    } else if (ASK_FOR_NULL.contains(expression.getClass())) {
      asJava(expression.children()).forEach(child -> look(child, Use.PASSED_ON, expression));
    } else {
      lookInside(expression, use, user);
    }
  }

  private static boolean isOrder(Expression expression) {
    return expression instanceof BinaryComparison
        || expression instanceof SortOrder
        || expression instanceof Max
        || expression instanceof Min
        || expression instanceof Greatest
        || expression instanceof Least;
  }

  private void lookInside(Expression expression, Use use, Expression user) {
    if (expression instanceof AggregateExpression aggregate && aggregate.isDistinct()) {
      asJava(aggregate.aggregateFunction().children())
          .forEach(child -> look(child, Use.GROUPED, expression));
      return;
    } else if (expression instanceof WindowSpecDefinition window) {
      asJava(window.partitionSpec()).forEach(this::grouped);
      asJava(window.orderSpec()).forEach(order -> look(order, Use.ORDERED, order));
      return;
    } else if (expression instanceof CollectSet) {
      asJava(expression.children()).forEach(child -> look(child, Use.GROUPED, expression));
    }
    List<Expression> chosen = chosenAmong(expression);
    boolean alike = chosen.isEmpty() || passedOn(expression).isPresent();
    for (Expression child : asJava(expression.children())) {
      if (chosen.contains(child)) {
        look(
            child, alike ? use : use == Use.PASSED_ON ? Use.MIXED : use, alike ? user : expression);
      } else if (isText(expression)) {
        look(child, Use.TEXT, expression);
      } else {
        look(child, Use.COMPUTED, expression);
      }
    }
  }

  /** {@code CAST(… AS STRING)} asks for the text by which a value travels. */
  private static boolean isText(Expression expression) {
    return expression instanceof Cast cast
        && isAsked(cast)
        && cast.dataType().equals(DataTypes.StringType);
  }

  private void compare(List<Expression> operands, Expression comparison) {
    List<Optional<SourceColumn>> columns = operands.stream().map(this::passedOn).toList();
    for (int i = 0; i < operands.size(); i++) {
      if (columns.get(i).isEmpty()) {
        look(operands.get(i), Use.COMPUTED, comparison);
        continue;
      }
      SourceColumn column = columns.get(i).get();
      for (int j = 0; j < operands.size(); j++) {
        // Of a list each is compared with the first alone.
        if (i != j && (i == 0 || j == 0)) {
          uses.compared(column, columns.get(j), literal(operands.get(j)), comparison.sql(), place);
        }
      }
      lookAround(operands.get(i), comparison);
    }
  }

  /** What decides which value is compared, as the condition of a CASE. */
  private void lookAround(Expression expression, Expression comparison) {
    if (!(expression instanceof AttributeReference)) {
      look(expression, Use.PASSED_ON, comparison);
    }
  }

  private static Optional<String> literal(Expression expression) {
    return expression.foldable() && expression.dataType().equals(DataTypes.StringType)
        ? Optional.ofNullable(expression.eval(null)).map(Object::toString)
        : Optional.empty();
  }
}
