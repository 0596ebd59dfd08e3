package backfill.spark.read;

import static backfill.spark.query.Cells.cell;
import static org.apache.spark.sql.functions.char_length;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.concat_ws;
import static org.apache.spark.sql.functions.length;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.regexp_replace;
import static org.apache.spark.sql.functions.substring;
import static org.apache.spark.sql.functions.when;

import backfill.plan.sql.MomentTexts;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.ValueGroup;
import backfill.postgres.preflight.GivenType;
import backfill.spark.query.Cells;
import backfill.spark.query.SparkTypes;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.IntegralType;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.StructField;

/**
 * Makes a query's values look just as the target would show them, so that comparing the two finds
 * no difference where there is none: a uuid in capitals, blanks that a {@code varchar(3)} cuts off.
 * What Spark cannot decide the server is asked: {@code 1.10} in a {@code numeric(10,2)}.
 */
public final class Canonical {
  private static final Pattern VARCHAR = Pattern.compile("character varying\\((\\d+)\\)");

  /** A text by which PostgreSQL means the time at which it reads it. */
  private static final String WHEN_READ = "(?i)(" + MomentTexts.WORDS + ")";

  private Canonical() {}

  /** Rows in which what Spark knows of the target's forms is done. */
  public static Dataset<Row> local(Dataset<Row> query, Table table) {
    return query.select(
        Stream.of(query.schema().fields())
            .map(field -> local(field, table.column(field.name()).orElseThrow()))
            .toArray(Column[]::new));
  }

  private static Column local(StructField field, backfill.postgres.catalog.Column column) {
    Column value = cell(field.name());
    if (field.dataType() instanceof NullType || isEmptyArray(field.dataType())) {
      value = value.cast(SparkTypes.of(column));
    } else if (field.dataType().equals(DataTypes.StringType)) {
      value = text(value, column);
    }
    return value.as(field.name());
  }

  private static boolean isEmptyArray(DataType type) {
    return type instanceof ArrayType array && array.elementType() instanceof NullType;
  }

  private static Column text(Column value, backfill.postgres.catalog.Column column) {
    Matcher bounded = VARCHAR.matcher(column.storedType());
    if (bounded.matches()) {
      return cut(value, Integer.parseInt(bounded.group(1)));
    }
    return switch (column.castType()) {
      case "uuid" -> uuid(value);
      case "bpchar" -> withoutBlanks(value);
      case "time without time zone", "time with time zone" -> fixed(value);
      default -> ValueGroup.of(column) == ValueGroup.TIME ? fixed(value) : value;
    };
  }

  /** Blanks beyond the length go; anything else beyond it stays, and the server refuses it. */
  private static Column cut(Column value, int most) {
    Column rest = substring(value, most + 1, Integer.MAX_VALUE);
    return when(
            char_length(value).gt(most).and(withoutBlanks(rest).equalTo("")),
            substring(value, 1, most))
        .otherwise(value);
  }

  /** Without the blanks at its end, and those alone. */
  private static Column withoutBlanks(Column value) {
    return regexp_replace(value, " +\\z", "");
  }

  /** The server is to refuse a time that is another one at each run. */
  private static Column fixed(Column value) {
    return when(value.rlike(WHEN_READ), concat(lit("the time at which it is read: "), value))
        .otherwise(value);
  }

  /** What is no uuid stays as it is: the server says so. */
  private static Column uuid(Column value) {
    Column digits = Cells.lowerHex(regexp_replace(value, "[{}-]", ""));
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

  /**
   * Whether a column's values must be seen by the server before they are compared.
   *
   * @param given what the step's query gives, as preflight has it
   */
  public static boolean needsServer(Dataset<Row> rows, Table table, Map<String, GivenType> given) {
    return Stream.of(rows.schema().fields())
        .anyMatch(
            field -> {
              backfill.postgres.catalog.Column column = table.column(field.name()).orElseThrow();
              return !isCanonical(field.dataType(), column)
                  && !isAsStored(field.dataType(), column, given.get(field.name()));
            });
  }

  /** The server has written the value for a column of the very same type. */
  private static boolean isAsStored(
      DataType type, backfill.postgres.catalog.Column column, GivenType given) {
    return type.equals(SparkTypes.of(column))
        && Optional.ofNullable(given)
            .flatMap(GivenType::origin)
            .filter(origin -> origin.castType().equals(column.castType()))
            .filter(origin -> origin.storedType().equals(column.storedType()))
            .isPresent();
  }

  private static boolean isCanonical(DataType given, backfill.postgres.catalog.Column column) {
    DataType shown = SparkTypes.of(column);
    return switch (ValueGroup.of(column)) {
      case INTEGER -> given instanceof IntegralType;
      case TIME -> given.equals(shown) && !column.storedType().contains("(");
      case BOOLEAN, FLOAT, BYTES, UUID, ENUM -> given.equals(shown);
      case TEXT ->
          given.equals(shown)
              && (column.castType().equals("text") || column.castType().startsWith("character"));
      case PASSED_ON ->
          given.equals(shown) && column.castType().equals("bpchar")
              || column.looseCollation().isPresent() && given.equals(shown);
      default -> false;
    };
  }
}
