package backfill.spark.query;

import static scala.jdk.javaapi.CollectionConverters.asJava;

import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Table;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.Aggregate;
import org.apache.spark.sql.catalyst.plans.logical.CTERelationDef;
import org.apache.spark.sql.catalyst.plans.logical.CTERelationRef;
import org.apache.spark.sql.catalyst.plans.logical.Deduplicate;
import org.apache.spark.sql.catalyst.plans.logical.Distinct;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.SetOperation;
import org.apache.spark.sql.catalyst.plans.logical.UnionBase;
import org.apache.spark.sql.catalyst.plans.logical.Window;
import org.apache.spark.sql.catalyst.plans.logical.WithCTE;
import org.apache.spark.sql.execution.LogicalRDD;

/**
 * Follows the columns of sources through an analyzed query: which of them its result passes on as
 * they are, and what the query does with the others. An attribute passes a value on while it is
 * only selected, renamed, joined or chosen among others of its type.
 */
final class ColumnUses {
  private final Map<RDD<?>, String> origin;
  private final Map<String, Table> sources;
  private final Map<Long, SourceColumn> passedOn = new HashMap<>();
  private final Map<Long, List<Attribute>> defined = new HashMap<>();
  private final ExpressionUses expressions;

  /**
   * A column of a source.
   *
   * @param source its name; what comes after a blank tells two of one name apart
   */
  record SourceColumn(String source, Column column) {
    /** Whether values of both can be in one column as they are. */
    boolean isLike(SourceColumn other) {
      return column.storedType().equals(other.column.storedType())
          && column.looseCollation().equals(other.column.looseCollation());
    }

    @Override
    public String toString() {
      return source.split(" ")[0] + "." + column.name();
    }
  }

  /**
   * @param origin the empty rows that stand for a source, to its name
   * @param uses is told what queries do
   */
  ColumnUses(Map<RDD<?>, String> origin, Map<String, Table> sources, UsesSeen uses) {
    this.origin = origin;
    this.sources = sources;
    this.expressions = new ExpressionUses(passedOn, this::visit, uses);
  }

  /** What each column of the query's result passes on, in their order. */
  List<Optional<SourceColumn>> of(LogicalPlan analyzed, String place) {
    expressions.at(place);
    visit(analyzed);
    asJava(analyzed.output()).forEach(expressions::selected);
    return asJava(analyzed.output()).stream().map(this::passedOn).toList();
  }

  private Optional<SourceColumn> passedOn(Attribute attribute) {
    return Optional.ofNullable(passedOn.get(attribute.exprId().id()));
  }

  private void visit(LogicalPlan plan) {
    if (plan instanceof LogicalRDD leaf) {
      leaf(leaf);
      return;
    } else if (plan instanceof WithCTE with) {
      asJava(with.cteDefs()).forEach(this::define);
      visit(with.plan());
      return;
    } else if (plan instanceof CTERelationRef reference) {
      refer(reference);
      return;
    }
    asJava(plan.children()).forEach(this::visit);
    if (plan instanceof Project project) {
      select(asJava(project.projectList()));
    } else if (plan instanceof Aggregate aggregate) {
      asJava(aggregate.groupingExpressions()).forEach(expressions::grouped);
      select(asJava(aggregate.aggregateExpressions()));
    } else if (plan instanceof Window window) {
      asJava(window.partitionSpec()).forEach(expressions::grouped);
      asJava(window.orderSpec()).forEach(expressions::used);
      select(asJava(window.windowExpressions()));
    } else if (plan instanceof UnionBase union) {
      unite(asJava(union.children()));
    } else if (plan instanceof SetOperation || plan instanceof Distinct) {
      asJava(plan.children()).forEach(child -> group(asJava(child.output())));
    } else if (plan instanceof Deduplicate distinct) {
      group(asJava(distinct.keys()));
    } else {
      asJava(plan.expressions()).forEach(expressions::used);
    }
  }

  private void leaf(LogicalRDD leaf) {
    String source = origin.get(leaf.rdd());
    if (source != null) {
      for (Attribute attribute : asJava(leaf.output())) {
        sources
            .get(source)
            .column(attribute.name())
            .ifPresent(
                column -> passedOn.put(attribute.exprId().id(), new SourceColumn(source, column)));
      }
    }
  }

  private void define(CTERelationDef definition) {
    visit(definition.child());
    defined.put(definition.id(), asJava(definition.output()));
  }

  /** One that refers to itself, and so comes before its own definition, is not followed. */
  private void refer(CTERelationRef reference) {
    List<Attribute> output = defined.get(reference.cteId());
    if (output != null) {
      IntStream.range(0, output.size())
          .forEach(
              i ->
                  passedOn(output.get(i))
                      .ifPresent(
                          column ->
                              passedOn.put(reference.output().apply(i).exprId().id(), column)));
    }
  }

  private void select(List<NamedExpression> list) {
    for (NamedExpression named : list) {
      Expression expression = (Expression) named;
      Optional<SourceColumn> column = expressions.passedOn(expression);
      column.ifPresent(same -> passedOn.put(named.exprId().id(), same));
      expressions.selected(expression);
    }
  }

  private void group(List<? extends Expression> columns) {
    columns.forEach(expressions::grouped);
  }

  /** The result has the attributes of the first; it passes on what all of them do. */
  private void unite(List<LogicalPlan> plans) {
    List<Attribute> first = asJava(plans.get(0).output());
    for (int i = 0; i < first.size(); i++) {
      int place = i;
      List<Attribute> column =
          plans.stream()
              .map(plan -> plan.output().apply(place))
              .map(Attribute.class::cast)
              .toList();
      Optional<SourceColumn> one = passedOn(column.get(0));
      boolean alike =
          one.isPresent()
              && column.stream()
                  .allMatch(each -> passedOn(each).filter(one.get()::isLike).isPresent());
      if (!alike) {
        new ArrayList<>(column).forEach(expressions::mixed);
        Stream.of(column.get(0)).forEach(each -> passedOn.remove(each.exprId().id()));
      }
    }
  }
}
