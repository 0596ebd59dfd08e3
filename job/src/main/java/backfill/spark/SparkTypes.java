package backfill.spark;

import java.util.Map;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * The Spark type in which a PostgreSQL column arrives, by the name that {@code format_type} gives.
 * A type without a counterpart arrives as text, and the server casts it back.
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

  private SparkTypes() {}

  static DataType of(String type) {
    if (type.endsWith("[]")) {
      return DataTypes.createArrayType(of(type.substring(0, type.length() - 2)));
    }
    if (type.startsWith("numeric")) {
      return DataTypes.createDecimalType(38, 18);
    }
    return SCALARS.getOrDefault(type.replaceAll("\\(\\d+\\)", ""), DataTypes.StringType);
  }
}
