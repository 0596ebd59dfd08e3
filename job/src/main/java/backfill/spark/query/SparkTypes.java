package backfill.spark.query;

import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.Column.Form;
import backfill.postgres.catalog.ValueGroup;
import backfill.postgres.server.TableName;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.catalyst.expressions.PreciseTimestampConversion;
import org.apache.spark.sql.classic.ExpressionUtils;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DecimalType;

/**
 * How a PostgreSQL column is selected, and the Spark type in which it arrives, as {@link
 * ValueGroup} has it. What Spark cannot hold exactly arrives as the text that the server writes,
 * and the server reads it again. Times arrive as a count since 1970, because the driver has no
 * infinity that Spark's JDBC source keeps: here it is the largest count, after every other time,
 * and {@link SparkTime} writes it back.
 */
public final class SparkTypes {
  private static final Map<String, DataType> SCALARS =
      Map.ofEntries(
          Map.entry("smallint", DataTypes.ShortType),
          Map.entry("integer", DataTypes.IntegerType),
          Map.entry("bigint", DataTypes.LongType),
          Map.entry("oid", DataTypes.LongType),
          Map.entry("boolean", DataTypes.BooleanType),
          Map.entry("real", DataTypes.FloatType),
          Map.entry("double precision", DataTypes.DoubleType),
          Map.entry("date", DataTypes.DateType),
          Map.entry("timestamp without time zone", DataTypes.TimestampNTZType),
          Map.entry("timestamp with time zone", DataTypes.TimestampType),
          Map.entry("bytea", DataTypes.BinaryType));

  private static final Pattern DECLARED = Pattern.compile("numeric\\((\\d+),(-?\\d+)\\)");

  private static final String LAST = "294247-01-01 00:00:00";

  /** Of a numeric without bounds: digits behind the point, of 38 in all. */
  private static final int SCALE = 18;

  private SparkTypes() {}

  /** The type of the column's values for queries. */
  public static DataType of(Column column) {
    if (column.form() == Form.TEXT || column.form() == Form.KEY) {
      return DataTypes.StringType;
    }
    String type = column.castType();
    return switch (ValueGroup.of(column)) {
      case NUMERIC -> decimal(column);
      case ARRAY ->
          DataTypes.createArrayType(
              SCALARS.getOrDefault(type.substring(0, type.length() - 2), DataTypes.StringType));
      case INTEGER, BOOLEAN, FLOAT, TIME, BYTES -> SCALARS.get(type);
      default -> DataTypes.StringType;
    };
  }

  private static DecimalType decimal(Column column) {
    Matcher declared = DECLARED.matcher(column.storedType());
    if (declared.matches()) {
      int precision = Integer.parseInt(declared.group(1));
      int scale = Integer.parseInt(declared.group(2));
      if (precision <= DecimalType.MAX_PRECISION() && scale >= 0 && scale <= precision) {
        return DataTypes.createDecimalType(precision, scale);
      }
    }
    return DataTypes.createDecimalType(DecimalType.MAX_PRECISION(), SCALE);
  }

  /** The type in which the driver brings it. */
  public static DataType brought(Column column) {
    DataType type = of(column);
    if (isTimestamp(type)) {
      return DataTypes.LongType;
    }
    return type.equals(DataTypes.DateType) ? DataTypes.IntegerType : type;
  }

  private static boolean isTimestamp(DataType type) {
    return type.equals(DataTypes.TimestampType) || type.equals(DataTypes.TimestampNTZType);
  }

  /** What is selected for it, without a name. */
  public static String selected(Column column) {
    if (column.form() == Form.KEY) {
      return ValueGroup.canonical(column).orElseThrow();
    }
    String name = TableName.quote(column.name());
    DataType type = of(column);
    if (isTimestamp(type)) {
      return counted(
          column,
          // PostgreSQL counts from 2000, and so goes 30 years further.
          "CASE WHEN %1$s >= '%2$s' THEN %3$s ELSE (EXTRACT(epoch FROM %1$s) * 1000000)::pg_catalog.int8 END"
              .formatted(
                  name,
                  type.equals(DataTypes.TimestampType) ? LAST + "+00" : LAST,
                  error(column, " is after the last moment that Spark has: ", "pg_catalog.int8")),
          Long.MIN_VALUE,
          Long.MAX_VALUE,
          "pg_catalog.int8");
    } else if (type.equals(DataTypes.DateType)) {
      return counted(
          column,
          name + " - '1970-01-01'::pg_catalog.date",
          Integer.MIN_VALUE,
          Integer.MAX_VALUE,
          "pg_catalog.int4");
    } else if (type.equals(DataTypes.StringType)) {
      return name + "::pg_catalog.text";
    } else if (column.castType().equals("oid")) {
      return name + "::pg_catalog.int8";
    } else if (type instanceof DecimalType decimal) {
      return number(column, decimal);
    }
    return ValueGroup.of(column) == ValueGroup.ARRAY ? array(column, type) : name;
  }

  private static String counted(Column column, String count, long before, long after, String type) {
    String name = TableName.quote(column.name());
    if (column.form() == Form.FINITE) {
      return "CASE WHEN pg_catalog.isfinite(%s) THEN %s WHEN %s IS NOT NULL THEN %s END"
          .formatted(
              name,
              count,
              name,
              error(column, " is infinite, of which no function of the query has a value: ", type));
    }
    return "CASE %s WHEN '-infinity' THEN '%d'::%s WHEN 'infinity' THEN '%d'::%s ELSE %s END"
        .formatted(name, before, type, after, type, count);
  }

  /** A digit more would be rounded away without a word. */
  private static String number(Column column, DecimalType type) {
    return "CASE WHEN %1$s = 'NaN' OR pg_catalog.abs(%1$s) >= 1e%2$d OR pg_catalog.round(%1$s, %3$d) <> %1$s THEN %4$s ELSE %1$s END"
        .formatted(
            TableName.quote(column.name()),
            type.precision() - type.scale(),
            type.scale(),
            error(
                column,
                " holds a number with which a query cannot compute exactly in %s: "
                    .formatted(type.simpleString()),
                "pg_catalog.numeric"));
  }

  /** An array that Spark's has no dimensions or no first index for. */
  private static String array(Column column, DataType type) {
    String name = TableName.quote(column.name());
    boolean texts = type.equals(DataTypes.createArrayType(DataTypes.StringType));
    String whole = name + (texts ? "::pg_catalog.text[]" : "");
    return "CASE WHEN pg_catalog.array_ndims(%1$s) > 1 OR pg_catalog.array_lower(%1$s, 1) <> 1 THEN %2$s ELSE %3$s END"
        .formatted(
            name,
            error(
                column,
                " holds an array of several dimensions, or whose first index is not 1, into which no query can look: ",
                texts ? "pg_catalog.text[]" : column.castType()),
            whole);
  }

  /**
   * Fails when it is asked, and only then, with the value: a text that is none of the type. A
   * constant would be read before.
   */
  private static String error(Column column, String what, String type) {
    String named = column.name() + what;
    return "pg_catalog.concat('"
        + named.replace("'", "''")
        + "', "
        + TableName.quote(column.name())
        + "::pg_catalog.text)::"
        + type;
  }

  /** The value for queries, of what was brought. */
  public static org.apache.spark.sql.Column value(Column column) {
    org.apache.spark.sql.Column brought = Cells.cell(column.name());
    DataType type = of(column);
    if (isTimestamp(type)) {
      return counted(brought, DataTypes.LongType, type).as(column.name());
    }
    return type.equals(DataTypes.DateType)
        ? functions.date_from_unix_date(brought).as(column.name())
        : brought;
  }

  /**
   * Microseconds since 1970 as a timestamp with or without a zone, or the other way, as they are.
   */
  static org.apache.spark.sql.Column counted(
      org.apache.spark.sql.Column value, DataType from, DataType to) {
    return ExpressionUtils.column(
        new PreciseTimestampConversion(ExpressionUtils.expression(value), from, to));
  }
}
