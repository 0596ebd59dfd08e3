package backfill.spark.step;

import backfill.plan.Amount;
import backfill.spark.engine.Derived;
import backfill.spark.engine.SettingsInTasks;
import backfill.spark.engine.SparkJobs;
import backfill.spark.query.CellReader;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.RowOrdering;
import org.apache.spark.sql.catalyst.plans.logical.GlobalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LocalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.Sort;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The rows of a query that must give none.
 *
 * @param first at most ten of them, each value as PostgreSQL's text: in the query's order, or in
 *     that of its columns
 */
public record ForbiddenRows(long count, List<String> columns, List<List<String>> first) {
  private static final int SHOWN = 10;
  private static final int LONGEST = 80;

  /** Asks the query: once where it gives none, as it should. */
  public static ForbiddenRows of(Dataset<Row> query) {
    List<String> columns = List.of(query.columns());
    // Two columns may have one name.
    List<String> places = IntStream.range(0, columns.size()).mapToObj(i -> "c" + i).toList();
    Dataset<Row> rows = query.toDF(places.toArray(String[]::new));
    if (!isSorted(query.queryExecution().optimizedPlan())) {
      rows = rows.orderBy(orderable(rows));
    }
    List<List<String>> first = texts(rows.limit(SHOWN));
    return new ForbiddenRows(
        first.size() < SHOWN ? first.size() : query.count(), columns, List.copyOf(first));
  }

  private static boolean isSorted(LogicalPlan plan) {
    return plan instanceof Sort
        || (plan instanceof Project || plan instanceof GlobalLimit || plan instanceof LocalLimit)
            && isSorted(plan.children().head());
  }

  private static Column[] orderable(Dataset<Row> rows) {
    return Stream.of(rows.schema().fields())
        .filter(field -> RowOrdering.isOrderable(field.dataType()))
        .map(field -> functions.col(field.name()))
        .toArray(Column[]::new);
  }

  private static List<List<String>> texts(Dataset<Row> rows) {
    Dataset<Row> shown =
        rows.select(
            Stream.of(rows.schema().fields())
                .map(
                    field ->
                        hasText(field.dataType())
                            ? functions.col(field.name())
                            : functions.col(field.name()).cast("string"))
                .toArray(Column[]::new));
    StructType schema = shown.schema();
    return SparkJobs.collect(
        Derived.each(SettingsInTasks.elements(shown), row -> texts(row, schema)));
  }

  private static boolean hasText(DataType type) {
    try {
      CellReader.of(new StructField("value", type, true, Metadata.empty()));
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static List<String> texts(InternalRow row, StructType schema) {
    return IntStream.range(0, schema.size())
        .mapToObj(i -> Objects.toString(CellReader.of(schema.fields()[i]).read(row, i), "NULL"))
        .map(text -> text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text)
        .toList();
  }

  /** As in {@code gives 2 rows, and must give none: (id, name) = (1, ann), (2, bob)}. */
  @Override
  public String toString() {
    return "gives %s, and must give none: (%s) = %s%s"
        .formatted(
            Amount.of(count, "row"),
            String.join(", ", columns),
            first.stream()
                .map(values -> "(" + String.join(", ", values) + ")")
                .collect(Collectors.joining(", ")),
            count > first.size() ? ", …" : "");
  }
}
