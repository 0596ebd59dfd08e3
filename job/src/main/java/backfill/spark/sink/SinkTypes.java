package backfill.spark.sink;

import backfill.postgres.catalog.Table;
import backfill.postgres.server.NotReadyException;
import backfill.spark.query.CellReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.TimestampNTZType;
import org.apache.spark.sql.types.TimestampType;

/**
 * Decides which of a DataFrame's types goes into which column, and how: only where each value is
 * carried as it is, or its row is rejected for it. A string is read by the server, as a literal of
 * the column's type is.
 */
final class SinkTypes {
  private static final Set<String> INTEGERS = Set.of("smallint", "integer", "bigint");
  private static final Set<String> TEXTS =
      Set.of("text", "character varying", "character", "bpchar", "citext");

  /** Types that cut what they are given, without a word. */
  private static final Set<String> CUTTING = Set.of("name", "\"char\"");

  private static final Map<String, String> COUNTERPARTS =
      Map.ofEntries(
          Map.entry("smallint", "smallint"),
          Map.entry("integer", "int"),
          Map.entry("bigint", "bigint"),
          Map.entry("boolean", "boolean"),
          Map.entry("real", "float"),
          Map.entry("double precision", "double"),
          Map.entry("date", "date"),
          Map.entry("bytea", "binary"),
          Map.entry("text", "string"),
          Map.entry("character varying", "string"),
          Map.entry("character", "string"),
          Map.entry("timestamp without time zone", "timestamp_ntz"),
          Map.entry("timestamp with time zone", "timestamp"));

  private SinkTypes() {}

  /**
   * Refuses, all at once, columns of types that cannot be written as they are.
   *
   * @param declared the type of each column with its bounds
   * @throws NotReadyException naming each, and what to cast it to
   */
  static void refuse(StructType rows, Table table, List<String> declared) {
    List<String> reasons = new ArrayList<>();
    for (int i = 0; i < rows.length(); i++) {
      StructField field = rows.fields()[i];
      if (reader(field.name(), field.dataType(), declared.get(i)).isEmpty()) {
        reasons.add(refusal(field, table, declared.get(i)));
      }
    }
    if (!reasons.isEmpty()) {
      throw new NotReadyException(reasons);
    }
  }

  private static String refusal(StructField field, Table table, String declared) {
    return "column %s has Spark's type %s, and %s.%s is %s, which takes no value of it as it is; %s"
        .formatted(
            field.name(),
            field.dataType().simpleString(),
            table.name(),
            field.name(),
            declared,
            CUTTING.contains(declared) ? "leave it out" : "cast it to " + counterpart(declared));
  }

  private static String counterpart(String declared) {
    if (declared.endsWith("[]")) {
      return "array<" + counterpart(element(declared)) + ">";
    }
    BoundedType column = BoundedType.of(declared);
    String known = COUNTERPARTS.get(column.name());
    if (column.name().startsWith("timestamp")) {
      return known + ", which reads it in the zone of spark.sql.session.timeZone";
    } else if (column.name().equals("numeric")) {
      return column.bounds().isEmpty() ? "a decimal" : declared.replace("numeric", "decimal");
    }
    return known != null ? known : "a string that PostgreSQL reads as such";
  }

  private static String element(String array) {
    return array.substring(0, array.length() - "[]".length());
  }

  /** Whether some column takes the type. */
  static boolean isWritable(DataType type) {
    return type instanceof NullType
        || type instanceof StringType
        || type instanceof BooleanType
        || isInteger(type)
        || type instanceof FloatType
        || type instanceof DoubleType
        || type instanceof DecimalType
        || type instanceof DateType
        || type instanceof TimestampType
        || type instanceof TimestampNTZType
        || type instanceof BinaryType
        || SinkCells.isTime(type)
        || type instanceof ArrayType array
            && !(array.elementType() instanceof ArrayType)
            && isWritable(array.elementType());
  }

  /**
   * The reader of a column's cells; empty where the type does not go into that column.
   *
   * @throws UnfitValueException from the reader, for a value that the column would change
   */
  static Optional<CellReader> reader(String name, DataType type, String declared) {
    return ofPresent(name, type, declared)
        .map(present -> (row, place) -> row.isNullAt(place) ? null : present.read(row, place));
  }

  private static Optional<CellReader> ofPresent(String name, DataType type, String declared) {
    if (type instanceof NullType) {
      return Optional.of((row, place) -> null);
    } else if (type instanceof ArrayType array) {
      return declared.endsWith("[]") && !(array.elementType() instanceof ArrayType)
          ? reader(name, array.elementType(), element(declared)).map(SinkCells::array)
          : Optional.empty();
    }
    BoundedType column = BoundedType.of(declared);
    return fits(type, column.name())
        ? Optional.of(SinkCells.of(name, type, column))
        : Optional.empty();
  }

  private static boolean fits(DataType type, String column) {
    if (type instanceof StringType) {
      return !CUTTING.contains(column);
    } else if (type instanceof BooleanType) {
      return column.equals("boolean") || TEXTS.contains(column);
    } else if (isInteger(type)) {
      return INTEGERS.contains(column)
          || column.equals("numeric")
          || TEXTS.contains(column)
          || column.equals("double precision") && !(type instanceof LongType)
          || column.equals("real") && (type instanceof ByteType || type instanceof ShortType);
    } else if (type instanceof FloatType) {
      return column.equals("real") || column.equals("double precision");
    } else if (type instanceof DoubleType) {
      return column.equals("double precision");
    } else if (type instanceof DecimalType decimal) {
      return column.equals("numeric") || decimal.scale() == 0 && INTEGERS.contains(column);
    } else if (type instanceof DateType) {
      return column.equals("date");
    } else if (type instanceof TimestampType) {
      return column.equals("timestamp with time zone");
    } else if (type instanceof TimestampNTZType) {
      return column.equals("timestamp without time zone");
    } else if (type instanceof BinaryType) {
      return column.equals("bytea");
    }
    return SinkCells.isTime(type) && column.equals("time without time zone");
  }

  private static boolean isInteger(DataType type) {
    return type instanceof ByteType
        || type instanceof ShortType
        || type instanceof IntegerType
        || type instanceof LongType;
  }
}
