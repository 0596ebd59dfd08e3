package backfill.spark.query;

import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.plan.sql.SqlLexer;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.TableName;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Columns of a source whose names differ in case only: the server tells them apart, and Spark SQL
 * does not. A plan whose queries name one of them is refused; to all others they are not there.
 */
final class TwinColumns {
  private final List<String> queries = new ArrayList<>();

  TwinColumns(Plan plan) {
    queries.addAll(plan.views().values());
    plan.never().forEach(check -> queries.add(check.query()));
    for (Step step : plan.steps()) {
      if (step instanceof Step.Rows rows) {
        queries.add(rows.query());
        queries.addAll(rows.unmatched().values());
      }
    }
  }

  /** The columns that Spark can tell apart. */
  static List<Column> told(Table table) {
    return table.columns().stream().filter(column -> twins(table, column).size() == 1).toList();
  }

  private static Set<String> twins(Table table, Column column) {
    return table.columns().stream()
        .map(Column::name)
        .filter(name -> name.equalsIgnoreCase(column.name()))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Why the plan's queries cannot read a source; empty if none needs such a column. */
  Optional<String> refusal(String source, Table table) {
    return table.columns().stream()
        .filter(column -> twins(table, column).size() > 1 && isNamed(column.name()))
        .findFirst()
        .map(
            column ->
                "source %s: %s has the columns %s, which differ in case only, and a query cannot tell them apart; rename one of them, or read %s through other tables"
                    .formatted(
                        source,
                        table.name(),
                        twins(table, column).stream()
                            .map(TableName::quote)
                            .collect(Collectors.joining(" and ")),
                        table.name()));
  }

  private boolean isNamed(String column) {
    return queries.stream()
        .flatMap(query -> SqlLexer.tokensOfEither(query).stream())
        .map(SqlLexer.Token::text)
        .anyMatch(word -> word.equals("*") || word.equalsIgnoreCase(column));
  }
}
