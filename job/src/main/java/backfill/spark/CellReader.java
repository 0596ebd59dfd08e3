package backfill.spark;

import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import org.apache.spark.sql.catalyst.InternalRow;
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
import org.apache.spark.sql.types.TimestampType;

/**
 * Reads one cell of Spark's internal row as a value whose order is Spark's and whose text
 * PostgreSQL casts; NULL as null.
 */
@FunctionalInterface
interface CellReader {
  /** The cell at this place. */
  Object read(InternalRow row, int place);

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
      return InternalRow::getLong;
    } else if (type instanceof BooleanType) {
      return InternalRow::getBoolean;
    } else if (type instanceof FloatType) {
      return InternalRow::getFloat;
    } else if (type instanceof DoubleType) {
      return InternalRow::getDouble;
    } else if (type instanceof DecimalType decimal) {
      return (row, place) ->
          row.getDecimal(place, decimal.precision(), decimal.scale()).toJavaBigDecimal();
    } else if (type instanceof StringType) {
      return (row, place) -> row.getUTF8String(place).toString();
    } else if (type instanceof DateType) {
      return (row, place) -> LocalDate.ofEpochDay(row.getInt(place));
    } else if (type instanceof TimestampType) {
      return (row, place) -> Instant.EPOCH.plus(row.getLong(place), ChronoUnit.MICROS);
    } else if (type instanceof BinaryType) {
      return (row, place) -> "\\x" + HexFormat.of().formatHex(row.getBinary(place));
    } else if (type instanceof NullType) {
      return (row, place) -> null;
    }
    throw new IllegalArgumentException(
        "column "
            + name
            + " has Spark's type "
            + type.simpleString()
            + ", which format \"backfill\" cannot write; cast it to a string that PostgreSQL reads");
  }
}
