package backfill.spark.query;

import java.math.BigDecimal;
import java.util.HexFormat;
import org.apache.spark.sql.catalyst.expressions.SpecializedGetters;
import org.apache.spark.sql.catalyst.util.ArrayData;
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
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.TimestampNTZType;
import org.apache.spark.sql.types.TimestampType;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * Reads one cell of a row, or element of an array, of Spark's own as a value whose order is Spark's
 * and whose text PostgreSQL casts; NULL as null.
 */
@FunctionalInterface
public interface CellReader {
  /** The cell at this place. */
  Object read(SpecializedGetters row, int place);

  /**
   * The reader for a column.
   *
   * @throws IllegalArgumentException naming a type that has no text PostgreSQL reads
   */
  static CellReader of(StructField field) {
    CellReader present = ofPresent(field.name(), field.dataType());
    return (row, place) -> row.isNullAt(place) ? null : present.read(row, place);
  }

  private static CellReader ofPresent(String name, DataType type) {
    if (type instanceof ByteType) {
      return (row, place) -> (long) row.getByte(place);
    } else if (type instanceof ShortType) {
      return (row, place) -> (long) row.getShort(place);
    } else if (type instanceof IntegerType) {
      return (row, place) -> (long) row.getInt(place);
    } else if (type instanceof LongType) {
      return SpecializedGetters::getLong;
    } else if (type instanceof BooleanType) {
      return SpecializedGetters::getBoolean;
    } else if (type instanceof FloatType) {
      return SpecializedGetters::getFloat;
    } else if (type instanceof DoubleType) {
      return SpecializedGetters::getDouble;
    } else if (type instanceof DecimalType decimal) {
      return (row, place) ->
          shortest(row.getDecimal(place, decimal.precision(), decimal.scale()).toJavaBigDecimal());
    } else if (type instanceof StringType) {
      return (row, place) -> text(row.getUTF8String(place));
    } else if (type instanceof DateType) {
      return (row, place) -> new SparkTime.Day(row.getInt(place));
    } else if (type instanceof TimestampType) {
      return (row, place) -> new SparkTime.Timestamp(row.getLong(place));
    } else if (type instanceof TimestampNTZType) {
      return (row, place) -> new SparkTime.Local(row.getLong(place));
    } else if (type instanceof BinaryType) {
      return (row, place) -> "\\x" + HexFormat.of().formatHex(row.getBinary(place));
    } else if (type instanceof NullType) {
      return (row, place) -> null;
    } else if (type instanceof ArrayType array && !(array.elementType() instanceof ArrayType)) {
      CellReader element =
          of(new StructField("element", array.elementType(), true, Metadata.empty()));
      return (row, place) -> literal(row.getArray(place), element);
    }
    throw new IllegalArgumentException(
        "column "
            + name
            + " has Spark's type "
            + type.simpleString()
            + ", which format \"backfill\" cannot write; cast it to a string that PostgreSQL reads");
  }

  /**
   * Bytes that are no UTF-8 would become the text of other ones; with a U+0000 among them
   * PostgreSQL refuses the row.
   */
  private static String text(UTF8String value) {
    return value.isValid() ? value.toString() : value.toValidString() + '\0';
  }

  /** Spark fills up with zeros, which a numeric without bounds would keep. */
  private static BigDecimal shortest(BigDecimal value) {
    return new BigDecimal(value.stripTrailingZeros().toPlainString());
  }

  /**
   * An array as PostgreSQL reads it, each element in quotes, so that none is taken for NULL.
   *
   * @see <a href="https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO">Array Input and
   *     Output Syntax</a>
   */
  static String literal(ArrayData values, CellReader element) {
    StringBuilder text = new StringBuilder("{");
    for (int i = 0; i < values.numElements(); i++) {
      Object value = element.read(values, i);
      text.append(i == 0 ? "" : ",");
      text.append(
          value == null
              ? "NULL"
              : '"' + value.toString().replace("\\", "\\\\").replace("\"", "\\\"") + '"');
    }
    return text.append('}').toString();
  }
}
