package backfill.spark;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** The expressions that match rows of a query with rows of a table. */
final class Cells {
  private Cells() {}

  /** A column by its name, whatever it holds. */
  static Column cell(String name) {
    return col(quoted(name));
  }

  static Column cell(Dataset<Row> rows, String name) {
    return rows.col(quoted(name));
  }

  private static String quoted(String name) {
    return "`" + name.replace("`", "``") + "`";
  }

  static Column[] cells(Collection<String> names) {
    return names.stream().map(Cells::cell).toArray(Column[]::new);
  }

  /** Each column under its own name with something before it. */
  static Column[] renamed(Stream<String> names, String from, String to) {
    return names.map(name -> cell(from + name).as(to + name)).toArray(Column[]::new);
  }

  /** Whether all hold; true of none. */
  static Column allOf(List<String> columns, Function<String, Column> condition) {
    return columns.stream().map(condition).reduce(Column::and).orElse(lit(true));
  }

  /** Whether one holds; false of none. */
  static Column anyOf(List<String> columns, Function<String, Column> condition) {
    return columns.stream().map(condition).reduce(Column::or).orElse(lit(false));
  }

  /** NULL equals NULL here: a row that is right must not be written. */
  static Column differs(String one, String other) {
    return not(cell(one).eqNullSafe(cell(other)));
  }

  static Column not(Column condition) {
    return condition.unary_$bang();
  }

  /** An outer join leaves NULL where there is no row. */
  static Column isTrue(String column) {
    return coalesce(cell(column), lit(false));
  }

  /** Whether a row has one of these keys. */
  static Column among(List<String> key, List<List<String>> keys) {
    if (keys.isEmpty()) {
      return lit(false);
    }
    Column of = array(key.stream().map(name -> cell(name).cast("string")).toArray(Column[]::new));
    return of.isin(keys.stream().map(k -> lit(k.toArray(String[]::new))).toArray());
  }
}
