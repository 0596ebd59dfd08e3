package backfill.spark.query;

import static scala.jdk.javaapi.CollectionConverters.asJava;

import backfill.spark.query.Origin.How;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.Aggregate;
import org.apache.spark.sql.catalyst.plans.logical.CTERelationDef;
import org.apache.spark.sql.catalyst.plans.logical.CTERelationRef;
import org.apache.spark.sql.catalyst.plans.logical.Deduplicate;
import org.apache.spark.sql.catalyst.plans.logical.Distinct;
import org.apache.spark.sql.catalyst.plans.logical.Except;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.GlobalLimit;
import org.apache.spark.sql.catalyst.plans.logical.Intersect;
import org.apache.spark.sql.catalyst.plans.logical.Join;
import org.apache.spark.sql.catalyst.plans.logical.LocalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LocalRelation;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.OneRowRelation;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.Range;
import org.apache.spark.sql.catalyst.plans.logical.RepartitionByExpression;
import org.apache.spark.sql.catalyst.plans.logical.ResolvedHint;
import org.apache.spark.sql.catalyst.plans.logical.Sort;
import org.apache.spark.sql.catalyst.plans.logical.SubqueryAlias;
import org.apache.spark.sql.catalyst.plans.logical.Union;
import org.apache.spark.sql.catalyst.plans.logical.View;
import org.apache.spark.sql.catalyst.plans.logical.Window;
import org.apache.spark.sql.catalyst.plans.logical.WithCTE;
import org.apache.spark.sql.execution.LogicalRDD;

/**
 * Follows values of sources through an analyzed query, from the tables to the result: which columns
 * a column comes from, and which decide which rows there are. What it does not know for sure it
 * does not say: an operator that is not listed here gives columns of an unknown origin.
 */
final class ColumnFlow {
  /** They leave each value, and each row, as it is. */
  private static final Set<Class<?>> PASS_ON =
      Set.of(
          SubqueryAlias.class,
          View.class,
          ResolvedHint.class,
          RepartitionByExpression.class,
          Distinct.class,
          Sort.class,
          LocalLimit.class);

  private final Map<RDD<?>, String> tables;
  private final Map<Long, Set<Origin>> known = new HashMap<>();
  private final Map<Long, CTERelationDef> definitions = new HashMap<>();
  private final Map<Long, Result> defined = new HashMap<>();
  private final Set<Long> inWork = new HashSet<>();
  private final ExpressionFlow expressions;

  /**
   * What is known of a query's result.
   *
   * @param columns in their order; empty where it is not known where one comes from
   * @param deciding which rows there are; empty where that is not wholly known
   */
  record Result(List<Optional<Set<Origin>>> columns, Optional<Set<Origin>> deciding) {}

  /**
   * @param tables the empty rows that stand for a source, to its name
   */
  ColumnFlow(Map<RDD<?>, String> tables) {
    this.tables = tables;
    this.expressions = new ExpressionFlow(known, this::of);
  }

  /** What is known of its result. */
  Result of(LogicalPlan analyzed) {
    Deciding deciding = new Deciding();
    visit(analyzed, deciding);
    return new Result(
        asJava(analyzed.output()).stream().map(this::origins).toList(), deciding.origins());
  }

  private Optional<Set<Origin>> origins(Attribute attribute) {
    return Optional.ofNullable(known.get(attribute.exprId().id()));
  }

  private void visit(LogicalPlan plan, Deciding deciding) {
    if (plan instanceof WithCTE with) {
      asJava(with.cteDefs()).forEach(each -> definitions.put(each.id(), each));
      visit(with.plan(), deciding);
      return;
    } else if (plan instanceof CTERelationRef reference) {
      refer(reference, deciding);
      return;
    }
    asJava(plan.children()).forEach(child -> visit(child, deciding));
    if (plan instanceof LogicalRDD leaf && tables.containsKey(leaf.rdd())) {
      String source = tables.get(leaf.rdd());
      asJava(leaf.output())
          .forEach(
              attribute ->
                  know(attribute, Set.of(new Origin(source, attribute.name(), How.IDENTITY))));
    } else if (plan instanceof LocalRelation
        || plan instanceof OneRowRelation
        || plan instanceof Range) {
      asJava(plan.output()).forEach(attribute -> know(attribute, Set.of()));
    } else if (plan instanceof Project project) {
      select(asJava(project.projectList()));
    } else if (plan instanceof Aggregate aggregate) {
      decide(asJava(aggregate.groupingExpressions()), How.GROUP_BY, deciding);
      select(asJava(aggregate.aggregateExpressions()));
    } else if (plan instanceof Window window) {
      select(asJava(window.windowExpressions()));
    } else if (plan instanceof Filter filter) {
      decide(List.of(filter.condition()), How.FILTER, deciding);
    } else if (plan instanceof Join join) {
      decide(asJava(join.condition().toList()), How.JOIN, deciding);
    } else if (plan instanceof Union union) {
      unite(union);
    } else if (plan instanceof Intersect || plan instanceof Except) {
      decide(asJava(plan.children().last().output()), How.FILTER, deciding);
    } else if (plan instanceof Deduplicate distinct) {
      decide(asJava(distinct.keys()), How.GROUP_BY, deciding);
    } else if (plan instanceof GlobalLimit limit) {
      sorted(limit.child()).ifPresent(sort -> decide(asJava(sort.order()), How.SORT, deciding));
    } else if (!PASS_ON.contains(plan.getClass())) {
      asJava(plan.output()).forEach(attribute -> known.remove(attribute.exprId().id()));
      deciding.unknown();
    }
  }

  private static Optional<Sort> sorted(LogicalPlan limited) {
    LogicalPlan below = limited;
    while (below instanceof LocalLimit || below instanceof Project) {
      below = below.children().head();
    }
    return below instanceof Sort sort ? Optional.of(sort) : Optional.empty();
  }

  private void know(Attribute attribute, Set<Origin> origins) {
    known.put(attribute.exprId().id(), origins);
  }

  private void select(List<NamedExpression> list) {
    for (NamedExpression named : list) {
      Optional<Set<Origin>> origins = expressions.of((Expression) named);
      long id = named.exprId().id();
      origins.ifPresentOrElse(found -> known.put(id, found), () -> known.remove(id));
    }
  }

  private void decide(List<? extends Expression> by, How how, Deciding deciding) {
    by.forEach(each -> deciding.add(expressions.of(each), how));
  }

  /** The result has the attributes of the first. */
  private void unite(Union union) {
    List<LogicalPlan> plans = asJava(union.children());
    List<Attribute> first = asJava(union.output());
    for (int i = 0; i < first.size(); i++) {
      int place = i;
      List<Optional<Set<Origin>>> all =
          plans.stream().map(plan -> origins(plan.output().apply(place))).toList();
      if (all.stream().allMatch(Optional::isPresent)) {
        Set<Origin> origins = new TreeSet<>();
        all.forEach(each -> origins.addAll(each.get()));
        know(first.get(i), origins);
      } else {
        known.remove(first.get(i).exprId().id());
      }
    }
  }

  /** What is defined and never referred to has no part in the result. */
  private void refer(CTERelationRef reference, Deciding deciding) {
    long id = reference.cteId();
    if (!defined.containsKey(id) && definitions.containsKey(id) && inWork.add(id)) {
      defined.put(id, of(definitions.get(id).child()));
      inWork.remove(id);
    }
    Result result = defined.get(id);
    if (result == null) {
      // It refers to itself.
      deciding.unknown();
      return;
    }
    deciding.add(result.deciding());
    List<Attribute> output = asJava(reference.output());
    for (int i = 0; i < output.size(); i++) {
      Attribute attribute = output.get(i);
      result.columns().get(i).ifPresent(origins -> know(attribute, origins));
    }
  }

  /** Columns that decide which rows a query gives, as far as they are all known. */
  private static final class Deciding {
    private final Set<Origin> origins = new TreeSet<>();
    private boolean sure = true;

    void add(Optional<Set<Origin>> found, How how) {
      add(found.map(known -> Origin.then(known, how)));
    }

    void add(Optional<Set<Origin>> found) {
      found.ifPresentOrElse(origins::addAll, this::unknown);
    }

    void unknown() {
      sure = false;
    }

    Optional<Set<Origin>> origins() {
      return sure ? Optional.of(origins) : Optional.empty();
    }
  }
}
