package backfill.spark.read;

import static backfill.spark.query.Cells.allOf;
import static backfill.spark.query.Cells.anyOf;
import static backfill.spark.query.Cells.cell;
import static org.apache.spark.sql.functions.lit;

import backfill.plan.Step;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.ValueGroup;
import backfill.postgres.write.Target;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.spark.sql.Column;

/**
 * By which columns the rows of a query and those of the target are the same row, as the target's
 * unique index says it. A key whose equal values may be written differently, as {@code citext}, has
 * a column beside it with a text that equal values share, which the server computes.
 *
 * @param loose the key columns that have such a column
 * @param nullsMatch whether a NULL in the key is the same as another one
 */
public record MatchKey(List<String> columns, Set<String> loose, boolean nullsMatch) {

  public static MatchKey of(Step.Rows step, Target target) {
    Table table = target.table();
    return new MatchKey(
        step.key(),
        step.key().stream()
            .filter(name -> table.column(name).filter(c -> !ValueGroup.hasOneForm(c)).isPresent())
            .collect(Collectors.toUnmodifiableSet()),
        target.arbiter().nullsMatch());
  }

  /** The column of a query's row that equal keys share; in the target's row the key itself does. */
  public String shared(String column) {
    return loose.contains(column) ? "shared " + column : column;
  }

  /** Those of all key columns. */
  public List<String> shared() {
    return columns.stream().map(this::shared).toList();
  }

  /** The columns that a query's rows have besides its own. */
  public List<String> added() {
    return columns.stream().filter(loose::contains).map(this::shared).toList();
  }

  /** Whether two rows are the same, by what each has for a key column. */
  public Column same(Function<String, Column> one, Function<String, Column> other) {
    return allOf(
        columns,
        column ->
            nullsMatch
                ? one.apply(column).eqNullSafe(other.apply(column))
                : one.apply(column).equalTo(other.apply(column)));
  }

  /** Whether a row's key has a NULL by which it could not be found again. */
  public Column unfindable() {
    return nullsMatch ? lit(false) : anyOf(columns, column -> cell(column).isNull());
  }
}
