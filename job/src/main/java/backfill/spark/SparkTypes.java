package backfill.spark;

import backfill.postgres.Column;
import backfill.postgres.TableName;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DecimalType;

/**
 * How a PostgreSQL column is selected, and the Spark type in which it arrives. A type without a
 * counterpart arrives as the text that the server writes, and the server casts it back. Times
 * arrive as a count since 1970, because the driver has no infinity that Spark's JDBC source keeps:
 * here it is the largest count, behind every other time, and {@link Times} writes it back.
 */
final class SparkTypes {
  private static final Map<String, DataType> SCALARS =
      Map.of(
          "smallint", DataTypes.ShortType,
          "integer", DataTypes.IntegerType,
          "bigint", DataTypes.LongType,
          "boolean", DataTypes.BooleanType,
          "real", DataTypes.FloatType,
          "double precision", DataTypes.DoubleType,
          "date", DataTypes.DateType,
          "timestamp without time zone", DataTypes.TimestampType,
          "timestamp with time zone", DataTypes.TimestampType,
          "bytea", DataTypes.BinaryType);

  private static final Pattern DECLARED = Pattern.compile("numeric\\((\\d+),(-?\\d+)\\)");

  /** Of a numeric without bounds: digits behind the point, of 38 in all. */
  private static final int SCALE = 18;

  private SparkTypes() {}

  /** The type of the column's values for queries. */
  static DataType of(Column column) {
    String type = column.castType();
    if (type.endsWith("[]")) {
      String element = type.substring(0, type.length() - 2);
      DataType known = SCALARS.getOrDefault(element, DataTypes.StringType);
      return DataTypes.createArrayType(known);
    }
    if (type.equals("numeric")) {
      Matcher declared = DECLARED.matcher(column.type());
      return fits(declared)
          ? DataTypes.createDecimalType(
              Integer.parseInt(declared.group(1)), Integer.parseInt(declared.group(2)))
          : DataTypes.createDecimalType(DecimalType.MAX_PRECISION(), SCALE);
    }
    return SCALARS.getOrDefault(type, DataTypes.StringType);
  }

  private static boolean fits(Matcher declared) {
    if (!declared.matches()) {
      return false;
    }
    int precision = Integer.parseInt(declared.group(1));
    int scale = Integer.parseInt(declared.group(2));
    return precision <= DecimalType.MAX_PRECISION() && scale >= 0 && scale <= precision;
  }

  /** The type in which the driver brings it. */
  static DataType brought(Column column) {
    DataType type = of(column);
    if (type.equals(DataTypes.TimestampType)) {
      return DataTypes.LongType;
    }
    return type.equals(DataTypes.DateType) ? DataTypes.IntegerType : type;
  }

  /** What is selected for it, without a name. */
  static String selected(Column column) {
    String name = TableName.quote(column.name());
    DataType type = of(column);
    if (type.equals(DataTypes.TimestampType)) {
      return counted(
          name,
          "(EXTRACT(epoch FROM " + name + ") * 1000000)::pg_catalog.int8",
          Long.MIN_VALUE + "'::pg_catalog.int8",
          Long.MAX_VALUE + "'::pg_catalog.int8");
    } else if (type.equals(DataTypes.DateType)) {
      return counted(
          name,
          name + " - '1970-01-01'::pg_catalog.date",
          Integer.MIN_VALUE + "'::pg_catalog.int4",
          Integer.MAX_VALUE + "'::pg_catalog.int4");
    } else if (type.equals(DataTypes.StringType)) {
      return name + "::pg_catalog.text";
    } else if (type.equals(DataTypes.createArrayType(DataTypes.StringType))) {
      return name + "::pg_catalog.text[]";
    } else if (type instanceof DecimalType && !column.type().startsWith("numeric(")) {
      // A digit more would be rounded away without a word; such a text is no numeric and says why.
      return "CASE WHEN pg_catalog.round(%1$s, %2$d) = %1$s THEN %1$s ELSE ('%3$s ' || %1$s)::pg_catalog.numeric END"
          .formatted(name, SCALE, column.name().replace("'", "''") + " beyond 18 decimals:");
    }
    return name;
  }

  private static String counted(String name, String count, String before, String after) {
    return "CASE "
        + name
        + " WHEN '-infinity' THEN '"
        + before
        + " WHEN 'infinity' THEN '"
        + after
        + " ELSE "
        + count
        + " END";
  }

  /** The value for queries, of what was brought. */
  static org.apache.spark.sql.Column value(Column column) {
    org.apache.spark.sql.Column brought = SnapshotReader.column(column.name());
    DataType type = of(column);
    if (type.equals(DataTypes.TimestampType)) {
      return functions.timestamp_micros(brought).as(column.name());
    }
    return type.equals(DataTypes.DateType)
        ? functions.date_from_unix_date(brought).as(column.name())
        : brought;
  }
}
