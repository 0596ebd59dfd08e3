package backfill.spark.query;

import static scala.jdk.javaapi.CollectionConverters.asJava;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.OuterReference;
import org.apache.spark.sql.catalyst.expressions.PlanExpression;
import org.apache.spark.sql.catalyst.expressions.Predicate;
import org.apache.spark.sql.catalyst.expressions.objects.StaticInvoke;
import org.apache.spark.sql.catalyst.plans.logical.CTERelationDef;
import org.apache.spark.sql.catalyst.plans.logical.CTERelationRef;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.SubqueryAlias;
import org.apache.spark.sql.catalyst.plans.logical.Union;
import org.apache.spark.sql.catalyst.plans.logical.View;
import org.apache.spark.sql.types.TimestampType;

/**
 * Which columns of a query would have other values in another run that finds the same rows: those
 * made of {@code :now} or of {@code run_uuid}, there or in a column of a source that an earlier
 * step of the run fills so. A condition is no such value: where it turns out otherwise, the run
 * does something else.
 */
public final class VaryingColumns {
  private final Map<String, Set<String>> sources;
  private final long now;
  private final Set<Long> varying = new HashSet<>();
  private final Map<Long, List<Attribute>> defined = new HashMap<>();

  private VaryingColumns(Map<String, Set<String>> sources, Instant now) {
    this.sources = sources;
    this.now = ChronoUnit.MICROS.between(Instant.EPOCH, now);
  }

  /**
   * @param sources source to its columns that vary
   * @param now what {@code :now} is
   */
  public static Set<String> of(Dataset<Row> query, Map<String, Set<String>> sources, Instant now) {
    VaryingColumns columns = new VaryingColumns(sources, now);
    LogicalPlan plan = query.queryExecution().analyzed();
    List<LogicalPlan> nodes = new ArrayList<>();
    collect(plan, nodes);
    int before;
    do {
      before = columns.varying.size();
      nodes.forEach(columns::look);
    } while (columns.varying.size() > before);
    return asJava(plan.output()).stream()
        .filter(columns::varies)
        .map(Attribute::name)
        .collect(Collectors.toSet());
  }

  private static void collect(LogicalPlan plan, List<LogicalPlan> nodes) {
    asJava(plan.children()).forEach(child -> collect(child, nodes));
    asJava(plan.innerChildren()).stream()
        .filter(LogicalPlan.class::isInstance)
        .forEach(child -> collect((LogicalPlan) child, nodes));
    asJava(plan.subqueries()).forEach(query -> collect(query, nodes));
    nodes.add(plan);
  }

  private boolean varies(Attribute attribute) {
    return varying.contains(attribute.exprId().id());
  }

  private void add(Attribute attribute) {
    varying.add(attribute.exprId().id());
  }

  private void look(LogicalPlan node) {
    if (node instanceof CTERelationDef definition) {
      defined.put(definition.id(), asJava(definition.output()));
    } else if (node instanceof CTERelationRef reference) {
      pass(defined.getOrDefault(reference.cteId(), List.of()), asJava(reference.output()));
    } else if (node instanceof Union union) {
      asJava(union.children())
          .forEach(child -> pass(asJava(child.output()), asJava(union.output())));
    } else if (node instanceof SubqueryAlias alias && alias.child() instanceof View) {
      Set<String> columns = sources.getOrDefault(alias.identifier().name(), Set.of());
      asJava(alias.output()).stream()
          .filter(attribute -> columns.contains(attribute.name()))
          .forEach(this::add);
    }
    boolean made = false;
    for (Expression expression : asJava(node.expressions())) {
      lookInside(expression);
      made |= !(expression instanceof Alias) && varies(expression);
    }
    if (made) {
      // What a generator or an expansion makes of it, for example.
      asJava(node.producedAttributes().toSeq()).stream()
          .filter(attribute -> !isAlias(node, attribute))
          .forEach(this::add);
    }
  }

  private static boolean isAlias(LogicalPlan node, Attribute attribute) {
    return asJava(node.expressions()).stream()
        .anyMatch(each -> each instanceof Alias alias && alias.exprId().equals(attribute.exprId()));
  }

  private void lookInside(Expression expression) {
    if (expression instanceof Alias alias && varies(alias.child())) {
      varying.add(alias.exprId().id());
    }
    asJava(expression.children()).forEach(this::lookInside);
  }

  private void pass(List<Attribute> from, List<Attribute> to) {
    for (int i = 0; i < Math.min(from.size(), to.size()); i++) {
      if (varies(from.get(i))) {
        add(to.get(i));
      }
    }
  }

  private boolean varies(Expression expression) {
    if (expression instanceof Attribute attribute) {
      return varies(attribute);
    } else if (expression instanceof OuterReference outer) {
      return varies((Expression) outer.e());
    } else if (expression instanceof Literal literal) {
      return literal.dataType() instanceof TimestampType
          && literal.value() instanceof Long micros
          && micros == now;
    } else if (expression instanceof StaticInvoke call
        && call.staticObject().equals(RunUuid.class)) {
      return true;
    } else if (expression instanceof Predicate) {
      return false;
    } else if (expression instanceof PlanExpression<?> query
        && query.plan() instanceof LogicalPlan plan) {
      return asJava(plan.output()).stream().anyMatch(this::varies);
    }
    return asJava(expression.children()).stream().anyMatch(this::varies);
  }
}
