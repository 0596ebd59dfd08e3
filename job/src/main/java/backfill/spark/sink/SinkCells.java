package backfill.spark.sink;

import backfill.spark.query.CellReader;
import backfill.spark.query.InfiniteTimes;
import backfill.spark.query.SparkTime;
import java.math.BigDecimal;
import java.time.LocalTime;
import java.util.Optional;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.TimestampNTZType;
import org.apache.spark.sql.types.TimestampType;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * Reads cells of a DataFrame as values whose order is Spark's and whose text PostgreSQL reads as
 * the same value; refuses one that the column would round or cut.
 */
final class SinkCells {
  private static final int MICROS_DIGITS = 6;
  private static final int NANOS_DIGITS = 9;
  private static final char NUL = '\0';

  private SinkCells() {}

  /** Spark 4.1 has a time of day, Spark 4.0 has not. */
  static boolean isTime(DataType type) {
    return type.typeName().startsWith("time(");
  }

  /** The reader of cells that are not NULL, where the type goes into the column at all. */
  static CellReader of(String name, DataType type, BoundedType column) {
    if (type instanceof StringType) {
      return (row, place) -> text(name, row.getUTF8String(place), column);
    } else if (type instanceof FloatType && column.name().equals("double precision")) {
      // The same number; its own digits would be read as another one.
      return (row, place) -> (double) row.getFloat(place);
    } else if (type instanceof DecimalType decimal) {
      return (row, place) ->
          number(
              name,
              row.getDecimal(place, decimal.precision(), decimal.scale()).toJavaBigDecimal(),
              column);
    } else if (type instanceof DateType) {
      return (row, place) -> day(name, row.getInt(place));
    } else if (type instanceof TimestampType || type instanceof TimestampNTZType) {
      boolean zoned = type instanceof TimestampType;
      long unit = unit(MICROS_DIGITS, column);
      return (row, place) -> moment(name, row.getLong(place), unit, zoned, column);
    } else if (isTime(type)) {
      long unit = unit(NANOS_DIGITS, column);
      return (row, place) -> {
        LocalTime time = LocalTime.ofNanoOfDay(row.getLong(place));
        return fine(name, time, row.getLong(place) % unit, column);
      };
    }
    CellReader plain = CellReader.of(new StructField(name, type, false, Metadata.empty()));
    return column.name().equals("numeric") && column.last(0) < 0
        ? (row, place) -> number(name, new BigDecimal(plain.read(row, place).toString()), column)
        : plain;
  }

  /** The same reader, for a column that was read with infinities. */
  static CellReader withInfinities(StructField field, CellReader finite) {
    if (!InfiniteTimes.in(field.metadata())) {
      return finite;
    }
    CellReader stored = CellReader.of(field);
    boolean days = field.dataType() instanceof DateType;
    return (row, place) -> {
      if (!row.isNullAt(place)
          && !(days ? isLast(row.getInt(place)) : isLast(row.getLong(place)))) {
        // Refuses what the column would round.
        finite.read(row, place);
      }
      return stored.read(row, place);
    };
  }

  private static boolean isLast(int days) {
    return days == Integer.MIN_VALUE || days == Integer.MAX_VALUE;
  }

  private static boolean isLast(long micros) {
    return micros == Long.MIN_VALUE || micros == Long.MAX_VALUE;
  }

  private static Object text(String name, UTF8String given, BoundedType column) {
    String text = given.toString();
    if (!given.isValid()) {
      throw new UnfitValueException("column " + name + " is no valid UTF-8", text);
    } else if (text.indexOf(NUL) >= 0) {
      throw new UnfitValueException(
          "column " + name + " has a NUL, which no PostgreSQL text can hold", text);
    } else if (column.bounds().isEmpty()) {
      return text;
    } else if (column.name().equals("numeric")) {
      parsed(text).ifPresent(value -> number(name, value, column));
    } else if (column.name().equals("character varying")) {
      int length = column.last(0);
      boolean cut = text.codePointCount(0, text.length()) > length;
      // What is cut off beyond blanks the server refuses itself.
      if (cut && text.substring(text.offsetByCodePoints(0, length)).isBlank()) {
        throw new UnfitValueException(
            "column " + name + " ends in blanks that " + declared(column) + " would cut off", text);
      }
    }
    return text;
  }

  /** As far as it is a number as Java writes it, too. */
  private static Optional<BigDecimal> parsed(String text) {
    try {
      return Optional.of(new BigDecimal(text.strip().replace("_", "")));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** Without the zeros with which Spark fills up, which a numeric without bounds would keep. */
  private static BigDecimal number(String name, BigDecimal value, BoundedType column) {
    BigDecimal shortest = value.stripTrailingZeros();
    if (!column.bounds().isEmpty()) {
      int decimals = column.bounds().size() == 1 ? 0 : column.last(0);
      if (shortest.signum() != 0 && shortest.scale() > decimals) {
        throw new UnfitValueException(
            "column " + name + " has more decimals than " + declared(column) + " holds",
            value.toPlainString());
      }
    }
    return new BigDecimal(shortest.toPlainString());
  }

  private static Object day(String name, int days) {
    if (isLast(days)) {
      throw new UnfitValueException("column " + name + " is beyond PostgreSQL's dates", days);
    }
    return new SparkTime.Day(days);
  }

  private static Object moment(
      String name, long micros, long unit, boolean zoned, BoundedType column) {
    return fine(name, new SparkTime.Moment(micros, zoned), micros % unit, column);
  }

  private static Object fine(String name, Object time, long beyond, BoundedType column) {
    if (beyond != 0) {
      throw new UnfitValueException(
          "column "
              + name
              + " has a finer fraction of a second than "
              + declared(column)
              + " holds",
          time);
    }
    return time;
  }

  /** The fraction of a second that the column holds, in those of so many digits. */
  private static long unit(int digits, BoundedType column) {
    long unit = 1;
    for (int i = column.last(MICROS_DIGITS); i < digits; i++) {
      unit *= 10;
    }
    return unit;
  }

  private static String declared(BoundedType column) {
    String bounds = column.bounds().toString().replace("[", "(").replace("]", ")").replace(" ", "");
    return column.bounds().isEmpty()
        ? column.name()
        : column
            .name()
            .replaceFirst("( with.*|$)", java.util.regex.Matcher.quoteReplacement(bounds) + "$1");
  }

  /** An array, of elements that are read so. */
  static CellReader array(CellReader element) {
    return (row, place) -> {
      ArrayData values = row.getArray(place);
      return CellReader.literal(values, element);
    };
  }
}
