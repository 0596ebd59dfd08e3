package backfill.spark.rows;

import static backfill.spark.query.Cells.anyOf;
import static backfill.spark.query.Cells.cell;
import static org.apache.spark.sql.functions.lit;

import backfill.spark.read.MatchKey;
import backfill.spark.read.SameValues;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegralType;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.StructType;

/**
 * How the rows of a query and those of a target are put beside each other and compared: in which
 * types the columns of their key are, and by which columns it is told whether they hold the same.
 */
final class Comparison {
  private final MatchKey key;
  private final List<DataType> keyTypes;
  private final List<String> compared;
  private final List<DataType> types;
  private final boolean inOneForm;
  private final ValueDigest digest;

  private Comparison(MatchKey key, List<DataType> keyTypes, SameValues same, List<DataType> types) {
    this.key = key;
    this.keyTypes = keyTypes;
    this.compared = same.compared();
    this.types = types;
    this.inOneForm = !same.asks() && !types.contains(null);
    this.digest = inOneForm && !compared.isEmpty() ? new ValueDigest() : null;
  }

  /**
   * @param planned the rows of a query
   * @param current those of the target, their names with {@link StatedRows#EXPECTED}
   */
  static Comparison of(MatchKey key, SameValues same, StructType planned, StructType current) {
    List<DataType> keyTypes =
        key.columns().stream()
            .map(name -> common(planned, key.shared(name), current, StatedRows.EXPECTED + name))
            .toList();
    if (keyTypes.contains(null)) {
      throw new IllegalStateException(
          "the key of %s is of other types than that of %s".formatted(planned, current));
    }
    List<DataType> types = new ArrayList<>();
    for (String name : same.compared()) {
      types.add(common(planned, name, current, StatedRows.EXPECTED + name));
    }
    return new Comparison(key, keyTypes, same, types);
  }

  /** In which the same values have the same form; null where it is not known. */
  private static DataType common(
      StructType one, String nameOfOne, StructType other, String nameOfOther) {
    DataType first = one.apply(nameOfOne).dataType();
    DataType second = other.apply(nameOfOther).dataType();
    if (isWhole(first) && isWhole(second) && !(first instanceof NullType)) {
      return DataTypes.LongType;
    }
    // Of a table that is still to be made, no type is known.
    return first.equals(second) || second instanceof NullType ? first : null;
  }

  private static boolean isWhole(DataType type) {
    return type instanceof IntegralType || type instanceof NullType;
  }

  /**
   * The place of rows by their key; one with a NULL is beside none where NULLs do not match.
   *
   * @param cells name of a key's column to what the rows have for it
   */
  RowsByKey.By by(Function<String, Column> cells) {
    return by(
        cells, key.nullsMatch() ? lit(false) : anyOf(key.columns(), c -> cells.apply(c).isNull()));
  }

  /** The same, where something else says which rows are beside none. */
  RowsByKey.By by(Function<String, Column> cells, Column alone) {
    return new RowsByKey.By(
        IntStream.range(0, keyTypes.size())
            .mapToObj(i -> inForm(cells.apply(key.columns().get(i)), keyTypes.get(i)))
            .toList(),
        alone);
  }

  /** Zero has two forms that are equal. */
  private static Column inForm(Column value, DataType type) {
    Column cast = value.cast(type);
    return type instanceof FloatType || type instanceof DoubleType
        ? cast.plus(lit(0).cast(type))
        : cast;
  }

  /** Whether rows are told apart by less than their values. */
  boolean digests() {
    return digest != null;
  }

  /** The columns by which it is told whether rows hold the same. */
  List<String> values() {
    return digests() ? ValueDigest.NAMES : compared;
  }

  /**
   * Those columns of a side's rows, under their names there.
   *
   * @param prefix of the side's names
   */
  List<Column> values(String prefix) {
    if (!digests()) {
      return compared.stream().map(name -> cell(prefix + name)).toList();
    }
    List<Column> halves = digest.of(inForms(prefix));
    return IntStream.range(0, halves.size())
        .mapToObj(i -> halves.get(i).as(prefix + ValueDigest.NAMES.get(i)))
        .toList();
  }

  private List<Column> inForms(String prefix) {
    return IntStream.range(0, compared.size())
        .mapToObj(i -> cell(prefix + compared.get(i)).cast(types.get(i)))
        .toList();
  }

  /**
   * The key of a side's rows and the values that are compared, in types in which the same ones have
   * the same form; empty where not all of them have one.
   */
  Optional<List<Column>> whole(String prefix) {
    return inOneForm && key.loose().isEmpty()
        ? Optional.of(
            Stream.concat(by(name -> cell(prefix + name)).key().stream(), inForms(prefix).stream())
                .toList())
        : Optional.empty();
  }

  /** Rows of a side, of whose other columns only these are kept beside the values. */
  Dataset<Row> narrow(Dataset<Row> rows, List<String> kept, String prefix) {
    List<Column> cells = new ArrayList<>(kept.stream().map(name -> cell(name)).toList());
    cells.addAll(values(prefix));
    return rows.select(cells.toArray(Column[]::new));
  }
}
