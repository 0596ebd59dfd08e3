package backfill.spark.query;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.hex;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.translate;
import static org.apache.spark.sql.functions.unix_date;

import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.TimestampNTZType;
import org.apache.spark.sql.types.TimestampType;

/** The expressions that match rows of a query with rows of a table. */
public final class Cells {
  private Cells() {}

  /** A column by its name, whatever it holds. */
  public static Column cell(String name) {
    return col(quoted(name));
  }

  public static Column cell(Dataset<Row> rows, String name) {
    return rows.col(quoted(name));
  }

  private static String quoted(String name) {
    return "`" + name.replace("`", "``") + "`";
  }

  public static Column[] cells(Collection<String> names) {
    return names.stream().map(Cells::cell).toArray(Column[]::new);
  }

  /** Each column under its own name with something before it. */
  public static Column[] renamed(Stream<String> names, String from, String to) {
    return names.map(name -> cell(from + name).as(to + name)).toArray(Column[]::new);
  }

  /** Whether all hold; true of none. */
  public static Column allOf(List<String> columns, Function<String, Column> condition) {
    return columns.stream().map(condition).reduce(Column::and).orElse(lit(true));
  }

  /** Whether one holds; false of none. */
  public static <T> Column anyOf(List<T> things, Function<T, Column> condition) {
    return things.stream().map(condition).reduce(Column::or).orElse(lit(false));
  }

  /** NULL equals NULL here: a row that is right must not be written. */
  public static Column differs(String one, String other) {
    return not(cell(one).eqNullSafe(cell(other)));
  }

  public static Column not(Column condition) {
    return condition.unary_$bang();
  }

  /** An outer join leaves NULL where there is no row. */
  public static Column isTrue(String column) {
    return coalesce(cell(column), lit(false));
  }

  /**
   * Whether a row has one of these keys, as writers name them: each value as the server's text.
   *
   * @param rows whose types the key's columns have
   */
  public static Column among(Dataset<Row> rows, List<String> key, List<List<String>> keys) {
    if (keys.isEmpty()) {
      return lit(false);
    }
    List<DataType> types = key.stream().map(name -> rows.schema().apply(name).dataType()).toList();
    Column of =
        array(
            IntStream.range(0, key.size())
                .mapToObj(i -> identity(cell(key.get(i)), types.get(i)))
                .toArray(Column[]::new));
    return of.isin(
        keys.stream()
            .map(
                each ->
                    lit(
                        IntStream.range(0, key.size())
                            .mapToObj(i -> identity(each.get(i), types.get(i)))
                            .toArray(String[]::new)))
            .toArray());
  }

  /** A text for a value that no other value of its type has. */
  private static Column identity(Column value, DataType type) {
    if (type instanceof TimestampType || type instanceof TimestampNTZType) {
      return SparkTypes.counted(value, type, DataTypes.LongType).cast("string");
    } else if (type instanceof DateType) {
      return unix_date(value).cast("string");
    } else if (type instanceof BinaryType) {
      return concat(lit("\\x"), lowerHex(hex(value)));
    }
    return value.cast("string");
  }

  /**
   * Digits of hexadecimal numbers in small letters. Of any letters, {@code lower} would have Spark
   * first look at the title case of all that there are, for a second.
   */
  public static Column lowerHex(Column digits) {
    return translate(digits, "ABCDEF", "abcdef");
  }

  /** The same for a value that the server would write so. */
  private static String identity(String written, DataType type) {
    if (written == null) {
      return null;
    } else if (type instanceof TimestampType || type instanceof TimestampNTZType) {
      return Long.toString(SparkTime.micros(written));
    }
    if (type instanceof FloatType) {
      return Float.toString(Float.parseFloat(written));
    } else if (type instanceof DoubleType) {
      return Double.toString(Double.parseDouble(written));
    }
    return type instanceof DateType ? Integer.toString(SparkTime.days(written)) : written;
  }
}
