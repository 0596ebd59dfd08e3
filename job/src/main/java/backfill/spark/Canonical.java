package backfill.spark;

import static backfill.spark.Cells.cell;
import static org.apache.spark.sql.functions.concat_ws;
import static org.apache.spark.sql.functions.length;
import static org.apache.spark.sql.functions.lower;
import static org.apache.spark.sql.functions.regexp_replace;
import static org.apache.spark.sql.functions.substring;
import static org.apache.spark.sql.functions.when;

import backfill.postgres.Table;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.IntegralType;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.StructField;

/**
 * Decides which of a query's values look just as the target would show them, so that comparing the
 * two finds no difference where there is none: {@code 1.10} in a numeric(10,2), a uuid in capitals.
 * What Spark cannot decide the server is asked.
 */
final class Canonical {
  /** Texts of which each is a value of its own. */
  private static final Set<String> TEXTS = Set.of("text", "character varying", "uuid");

  private Canonical() {}

  /** Rows in which a NULL has its column's type, and a uuid the server's form. */
  static Dataset<Row> local(Dataset<Row> query, Table table) {
    return query.select(
        Stream.of(query.schema().fields())
            .map(field -> local(field, table.column(field.name()).orElseThrow()))
            .toArray(Column[]::new));
  }

  private static Column local(StructField field, backfill.postgres.Column column) {
    Column value = cell(field.name());
    if (field.dataType() instanceof NullType || isEmptyArray(field.dataType())) {
      value = value.cast(SparkTypes.of(column));
    } else if (column.castType().equals("uuid")
        && field.dataType().sameType(DataTypes.StringType)) {
      value = uuid(value);
    }
    return value.as(field.name());
  }

  private static boolean isEmptyArray(DataType type) {
    return type instanceof ArrayType array && array.elementType() instanceof NullType;
  }

  /** What is no uuid stays as it is: the server says so. */
  private static Column uuid(Column value) {
    Column digits = lower(regexp_replace(value, "[{}-]", ""));
    Column parts =
        concat_ws(
            "-",
            substring(digits, 1, 8),
            substring(digits, 9, 4),
            substring(digits, 13, 4),
            substring(digits, 17, 4),
            substring(digits, 21, 12));
    return when(length(digits).equalTo(32).and(digits.rlike("^[0-9a-f]{32}$")), parts)
        .otherwise(value);
  }

  /** Whether a column's values must be seen by the server before they are compared. */
  static boolean needsServer(Dataset<Row> rows, Table table) {
    return Stream.of(rows.schema().fields())
        .anyMatch(
            field -> !isCanonical(field.dataType(), table.column(field.name()).orElseThrow()));
  }

  private static boolean isCanonical(DataType given, backfill.postgres.Column column) {
    DataType shown = SparkTypes.of(column);
    if (shown instanceof DecimalType has) {
      return given instanceof IntegralType
          || given instanceof DecimalType decimal && decimal.scale() <= has.scale();
    }
    if (shown.equals(DataTypes.StringType)) {
      return given.equals(DataTypes.StringType)
          && (column.kind() == 'e' || TEXTS.contains(column.castType()));
    }
    if (shown.equals(DataTypes.TimestampType)) {
      return given.equals(shown) && !column.type().contains("(");
    }
    if (shown instanceof ArrayType has && given instanceof ArrayType array) {
      return has.elementType().equals(array.elementType())
          && !column.castType().matches("(inet|cidr|citext|uuid)\\[\\]");
    }
    return shown instanceof IntegralType ? given instanceof IntegralType : given.equals(shown);
  }
}
