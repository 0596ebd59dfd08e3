package backfill.spark.source;

import backfill.postgres.catalog.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.connector.expressions.filter.Predicate;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.connector.read.SupportsPushDownRequiredColumns;
import org.apache.spark.sql.connector.read.SupportsPushDownV2Filters;
import org.apache.spark.sql.types.StructType;

/** What one query wants of the table: its columns, and the filters that the server takes over. */
final class SourceScanBuilder
    implements SupportsPushDownV2Filters, SupportsPushDownRequiredColumns {
  private final Table table;
  private final SourceOptions options;
  private final SharedSnapshot snapshot;
  private final PushedCondition conditions;
  private final List<Predicate> pushed = new ArrayList<>();
  private final List<String> sql = new ArrayList<>();
  private List<String> columns;

  SourceScanBuilder(Table table, SourceOptions options, SharedSnapshot snapshot) {
    this.table = table;
    this.options = options;
    this.snapshot = snapshot;
    this.conditions = new PushedCondition(table);
    this.columns = table.columnNames();
  }

  @Override
  public Predicate[] pushPredicates(Predicate[] predicates) {
    List<Predicate> left = new ArrayList<>();
    for (Predicate predicate : predicates) {
      Optional<String> condition = conditions.of(predicate);
      if (condition.isPresent()) {
        pushed.add(predicate);
        sql.add(condition.get());
      } else {
        left.add(predicate);
      }
    }
    return left.toArray(Predicate[]::new);
  }

  @Override
  public Predicate[] pushedPredicates() {
    return pushed.toArray(Predicate[]::new);
  }

  @Override
  public void pruneColumns(StructType required) {
    columns = List.of(required.fieldNames());
  }

  @Override
  public Scan build() {
    return new SourceScan(
        new SourceScan.Asked(
            table.showing(
                columns.stream().map(column -> table.column(column).orElseThrow()).toList()),
            List.copyOf(sql)),
        options,
        snapshot);
  }
}
