package backfill.spark.query;

import static scala.jdk.javaapi.CollectionConverters.asJava;

import backfill.plan.GrantSources;
import backfill.plan.Never;
import backfill.plan.Plan;
import backfill.plan.Source;
import backfill.plan.Step;
import backfill.postgres.catalog.Column.Form;
import backfill.postgres.catalog.Table;
import backfill.postgres.preflight.GivenType;
import backfill.postgres.preflight.QueryShapes;
import backfill.postgres.preflight.Shapes;
import backfill.spark.engine.EngineSettings;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.View;
import org.apache.spark.sql.execution.LogicalRDD;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Asks Spark's analyzer what a plan's views and queries give and which columns of which source they
 * need, on empty tables of the sources' shape: a misspelt column is found before anything is read.
 */
public final class PlanQueries implements QueryShapes {
  private final SparkSession spark;

  public PlanQueries(SparkSession spark) {
    this.spark = spark;
  }

  @Override
  public Shapes of(Plan plan, Map<String, Table> sources, Known known) {
    SparkSession empty = EngineSettings.newSession(spark);
    RunUuid.register(empty, new UUID(0, 0));
    Map<String, Set<String>> needed = new HashMap<>();
    // By the RDD and not by the attributes: a source that a query joins with itself has two sets
    // of these.
    Map<RDD<?>, String> origin = new IdentityHashMap<>();
    Set<String> inPairs = inPairsAlone(plan);
    List<String> reasons = new ArrayList<>();
    TwinColumns twins = new TwinColumns(plan);
    sources.forEach(
        (name, table) -> {
          needed.put(name, new HashSet<>());
          if (!inPairs.contains(name)) {
            twins.refusal(name, table).ifPresent(reasons::add);
            Dataset<Row> rows = rowsOf(empty, TwinColumns.told(table));
            NamedRows.name(rows, name);
            leaves(rows).forEach(leaf -> origin.put(leaf.rdd(), name));
          }
        });
    UsesSeen seen = new UsesSeen(reasons);
    Map<String, Table> tables = new HashMap<>(sources);
    ColumnUses uses = new ColumnUses(origin, tables, seen);
    Map<String, Map<String, GivenType>> gives = new LinkedHashMap<>();
    Map<String, Dataset<Row>> views = new HashMap<>();
    plan.views()
        .forEach(
            (name, query) -> {
              Dataset<Row> rows = analyzed(empty, plan, "view " + name, query, reasons);
              if (rows != null) {
                views.put(name, rows);
                NamedRows.name(rows, name);
              }
            });
    Map<String, Map<String, GivenType>> ofViews = new LinkedHashMap<>();
    views.forEach((name, rows) -> ofViews.put(name, given(rows, uses, UsesSeen.VIEW + name)));
    KeyedByCheck keys = new KeyedByCheck(empty, sources, views, reasons);
    for (Source source : plan.sources().values()) {
      source.keyedBy().ifPresent(keyed -> needed.get(source.name()).add(keyed.column()));
      for (Dataset<Row> key : keys.of(source)) {
        need(key, origin, needed);
        uses.of(analyzed(key), "source " + source.name() + ": keyed-by");
      }
    }
    Map<String, List<String>> outputs = new LinkedHashMap<>();
    Map<String, Dataset<Row>> results = new LinkedHashMap<>();
    for (Step step : plan.steps()) {
      if (step instanceof Step.Rows rows) {
        Dataset<Row> result =
            analyzed(empty, plan, "step " + step.name() + ": query", rows.query(), reasons);
        if (result != null) {
          outputs.put(step.name(), List.of(result.columns()));
          results.put(step.name(), result);
          need(result, origin, needed);
          gives.put(step.name(), given(result, uses, "step " + step.name()));
        }
        rows.unmatched()
            .forEach(
                (name, query) -> {
                  String place = "step " + rows.name() + ": unmatched." + name;
                  Dataset<Row> number = analyzed(empty, plan, place, query, reasons);
                  if (number != null) {
                    need(number, origin, needed);
                    uses.of(analyzed(number), place);
                  }
                });
      } else if (step instanceof Step.Pairs pairs) {
        columnsOf(pairs)
            .forEach(
                (from, columns) -> {
                  if (views.containsKey(from)) {
                    checkView(pairs, from, views.get(from), columns, reasons);
                    need(views.get(from), origin, needed);
                  } else if (needed.containsKey(from)) {
                    needed.get(from).addAll(columns);
                  }
                });
      }
    }
    NeverQueries never = new NeverQueries(empty, plan, known, results, reasons);
    for (Never check : plan.never()) {
      NeverQueries.Opened told =
          (key, shown, rows) -> {
            tables.put(key, shown);
            needed.put(key, new HashSet<>());
            leaves(rows).forEach(leaf -> origin.put(leaf.rdd(), key));
          };
      if (never.open(check, told)) {
        String place = "never " + check.name();
        Dataset<Row> rows = analyzed(empty, plan, place, check.query(), reasons);
        if (rows != null) {
          need(rows, origin, needed);
          uses.of(analyzed(rows), place);
        }
      }
      never.close(check);
    }
    Map<String, Map<String, Form>> forms = seen.forms();
    return new Shapes(
        outputs, needed, ofViews, gives, forms, never.columns(needed, forms), reasons);
  }

  private static LogicalPlan analyzed(Dataset<Row> rows) {
    return rows.queryExecution().analyzed();
  }

  private static Map<String, GivenType> given(Dataset<Row> rows, ColumnUses uses, String place) {
    List<Optional<ColumnUses.SourceColumn>> passedOn = uses.of(analyzed(rows), place);
    Map<String, GivenType> given = new LinkedHashMap<>();
    StructField[] fields = rows.schema().fields();
    for (int i = 0; i < fields.length; i++) {
      given.put(
          fields[i].name(),
          new GivenType(
              fields[i].dataType().simpleString(),
              passedOn.get(i).map(ColumnUses.SourceColumn::column)));
    }
    return given;
  }

  /** The columns that a step of pairs takes of each source or view. */
  static Map<String, Set<String>> columnsOf(Step.Pairs step) {
    Map<String, Set<String>> columns = new LinkedHashMap<>();
    for (List<GrantSources.Grant> grants : List.of(step.direct(), step.through())) {
      for (GrantSources.Grant grant : grants) {
        add(columns, grant.from(), grant.object(), grant.grantee());
      }
    }
    for (GrantSources.Membership member : step.members()) {
      add(columns, member.from(), member.group(), member.user());
    }
    for (List<GrantSources.Nested> nested : List.of(step.nested(), step.objects())) {
      for (GrantSources.Nested edges : nested) {
        add(columns, edges.from(), edges.parent(), edges.child());
      }
    }
    step.grants()
        .leveled()
        .forEach(
            level ->
                columns.computeIfAbsent(level.from(), from -> new HashSet<>()).add(level.column()));
    step.leaves()
        .ifPresent(leaves -> add(columns, leaves.from(), leaves.object(), leaves.object()));
    return columns;
  }

  private static void add(
      Map<String, Set<String>> columns, String from, List<String> key, List<String> member) {
    Set<String> of = columns.computeIfAbsent(from, source -> new HashSet<>());
    of.addAll(key);
    of.addAll(member);
  }

  /** A query with its parameters bound; {@code now} is a timestamp. */
  public static Dataset<Row> query(
      SparkSession spark, String query, Map<String, Object> params, Object now) {
    Map<String, Object> arguments = new HashMap<>(params);
    arguments.put("now", now);
    return spark.sql(query, arguments);
  }

  private static Dataset<Row> analyzed(
      SparkSession spark, Plan plan, String where, String query, List<String> reasons) {
    try {
      Dataset<Row> rows = query(spark, query, plan.params(), Instant.EPOCH);
      reasons.addAll(ImplicitCasts.reasons(where, rows));
      reasons.addAll(Repeatable.reasons(where, rows));
      return rows;
    } catch (Exception e) {
      // Scala throws the checked AnalysisException without declaring it.
      Optional<QueryFailure> failure = QueryFailure.ofQuery(e);
      if (failure.isPresent()) {
        reasons.add(where + ": " + failure.get().sentence());
        return null;
      }
      throw e;
    }
  }

  private static void checkView(
      Step.Pairs step, String view, Dataset<Row> rows, Set<String> columns, List<String> reasons) {
    for (String column : columns) {
      if (!List.of(rows.columns()).contains(column)) {
        reasons.add(
            "step "
                + step.name()
                + ": view "
                + view
                + " has no column "
                + column
                + "; it gives "
                + String.join(", ", rows.columns()));
      }
    }
  }

  /** The sources that no query and no view can name: of these there is nothing to analyze. */
  private static Set<String> inPairsAlone(Plan plan) {
    List<Step.Fill> fills =
        plan.steps().stream()
            .filter(Step.Fill.class::isInstance)
            .map(Step.Fill.class::cast)
            .toList();
    Set<String> sources = new HashSet<>(PairColumnNames.soleUses(plan, fills).keySet());
    plan.views().keySet().forEach(view -> sources.removeAll(plan.sourcesOfView(view)));
    plan.never().forEach(check -> sources.removeAll(plan.sourcesOf(check)));
    return sources;
  }

  /** No rows, of these columns. */
  static Dataset<Row> rowsOf(SparkSession spark, List<backfill.postgres.catalog.Column> columns) {
    StructType schema = new StructType();
    for (backfill.postgres.catalog.Column column : columns) {
      schema = schema.add(column.name(), SparkTypes.of(column));
    }
    // An empty RDD and not an empty list: the optimizer would fold a list away, and with it what is
    // needed of it. And one of Spark's own rows, which nothing must be compiled to turn into such.
    return ((org.apache.spark.sql.classic.SparkSession) spark)
        .internalCreateDataFrame(
            new JavaSparkContext(spark.sparkContext()).<InternalRow>emptyRDD().rdd(),
            schema,
            false);
  }

  /**
   * Adds the columns of each source that a result's queries and views name. Not those alone that
   * the optimizer leaves: it drops what a parameter's value makes idle, and the name must be there
   * all the same.
   */
  private static void need(
      Dataset<Row> result, Map<RDD<?>, String> origin, Map<String, Set<String>> needed) {
    LogicalPlan analyzed = result.queryExecution().analyzed();
    Set<Long> used = new HashSet<>();
    asJava(analyzed.output()).forEach(attribute -> used.add(attribute.exprId().id()));
    List<LogicalRDD> leaves = new ArrayList<>();
    collectNames(analyzed, used, leaves);
    for (LogicalRDD leaf : leaves) {
      asJava(leaf.output()).stream()
          .filter(attribute -> used.contains(attribute.exprId().id()))
          .forEach(attribute -> needed.get(origin.get(leaf.rdd())).add(attribute.name()));
    }
  }

  /** A view lists every column of what it stands for; only those that someone names count. */
  private static void collectNames(LogicalPlan plan, Set<Long> used, List<LogicalRDD> leaves) {
    if (plan instanceof LogicalRDD leaf) {
      leaves.add(leaf);
      return;
    }
    if (plan instanceof View view && view.child() instanceof Project columns) {
      asJava(columns.projectList()).stream()
          .filter(Alias.class::isInstance)
          .map(Alias.class::cast)
          .filter(alias -> used.contains(alias.exprId().id()))
          .forEach(alias -> addReferences(alias, used));
      collectNames(columns.child(), used, leaves);
      return;
    }
    asJava(plan.expressions()).forEach(expression -> addReferences(expression, used));
    asJava(plan.subqueries())
        .forEach(
            query -> {
              asJava(query.output()).forEach(attribute -> used.add(attribute.exprId().id()));
              collectNames(query, used, leaves);
            });
    asJava(plan.children()).forEach(child -> collectNames(child, used, leaves));
  }

  private static void addReferences(Expression expression, Set<Long> used) {
    asJava(expression.references().toSeq()).forEach(attribute -> used.add(attribute.exprId().id()));
  }

  private static List<LogicalRDD> leaves(Dataset<Row> rows) {
    return asJava(rows.queryExecution().analyzed().collectLeaves()).stream()
        .filter(LogicalRDD.class::isInstance)
        .map(LogicalRDD.class::cast)
        .toList();
  }
}
