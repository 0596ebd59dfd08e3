package backfill.spark.query;

import static scala.jdk.javaapi.CollectionConverters.asJava;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.spark.engine.EngineSettings;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.LogicalRDD;

/**
 * Where the columns of a view or a query come from, as far as that is surely known.
 *
 * @param columns name to origins, none for a value that comes from no column
 * @param unknown the columns of which it is not
 * @param deciding which rows there are; empty where that is not wholly known
 */
public record QueryOrigins(
    Map<String, Set<Origin>> columns, Set<String> unknown, Set<Origin> deciding) {

  /**
   * Of each view and of each step of rows of a plan, by its name; of what cannot be analyzed,
   * because an earlier step still has to make a table, nothing is there.
   *
   * @param sources by name, as they are read
   */
  public static Map<String, QueryOrigins> of(
      SparkSession spark, Plan plan, Map<String, Table> sources) {
    SparkSession empty = EngineSettings.newSession(spark);
    RunUuid.register(empty, new UUID(0, 0));
    Map<RDD<?>, String> tables = new IdentityHashMap<>();
    sources.forEach(
        (name, table) -> {
          Dataset<Row> rows = PlanQueries.rowsOf(empty, TwinColumns.told(table));
          NamedRows.name(rows, name);
          asJava(rows.queryExecution().analyzed().collectLeaves())
              .forEach(leaf -> tables.put(((LogicalRDD) leaf).rdd(), name));
        });
    Map<String, QueryOrigins> found = new LinkedHashMap<>();
    plan.views()
        .forEach(
            (name, query) ->
                analyzed(empty, plan, query)
                    .ifPresent(
                        rows -> {
                          NamedRows.name(rows, name);
                          found.put(name, of(rows, tables));
                        }));
    for (Step step : plan.steps()) {
      if (step instanceof Step.Rows rows) {
        analyzed(empty, plan, rows.query())
            .ifPresent(result -> found.put(key(step), of(result, tables)));
      }
    }
    return found;
  }

  /** A step may have the name of a view. */
  public static String key(Step step) {
    return "step " + step.name();
  }

  private static QueryOrigins of(Dataset<Row> rows, Map<RDD<?>, String> tables) {
    ColumnFlow.Result result = new ColumnFlow(tables).of(rows.queryExecution().analyzed());
    Map<String, Set<Origin>> columns = new HashMap<>();
    Set<String> unknown = new HashSet<>();
    String[] names = rows.columns();
    for (int i = 0; i < names.length; i++) {
      String name = names[i];
      result
          .columns()
          .get(i)
          .ifPresentOrElse(origins -> columns.put(name, origins), () -> unknown.add(name));
    }
    return new QueryOrigins(columns, unknown, result.deciding().orElse(Set.of()));
  }

  private static Optional<Dataset<Row>> analyzed(SparkSession spark, Plan plan, String query) {
    try {
      return Optional.of(PlanQueries.query(spark, query, plan.params(), Instant.EPOCH));
    } catch (Exception e) {
      // Scala throws the checked AnalysisException without declaring it.
      if (QueryFailure.ofQuery(e).isPresent()) {
        return Optional.empty();
      }
      throw e;
    }
  }
}
