package backfill.spark.rows;

import static backfill.spark.query.Cells.cell;
import static org.apache.spark.sql.functions.lit;

import backfill.spark.engine.SettingsInTasks;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Rows in so many partitions by a hash of their key, and in the key's order in each. Those of two
 * sides are brought together without moving one again, and so are these with a third side's: Spark
 * itself forgets after an outer join where rows are, and moves and sorts them for each of its own.
 */
final class RowsByKey {
  private static final String KEY = "row by ";
  private static final String ALONE = "row alone";
  private static final String OTHERS = "beside ";

  /** Whether the one side had the key of a row before; false where only the other side has it. */
  static final String TWICE = "row twice";

  private final Dataset<Row> rows;
  private final List<DataType> key;
  private final int partitions;

  private RowsByKey(Dataset<Row> rows, int width, int partitions) {
    this.rows = rows;
    this.key = Stream.of(rows.schema().fields()).limit(width).map(StructField::dataType).toList();
    this.partitions = partitions;
  }

  /** A key's columns, and what tells the rows that are beside none. */
  record By(List<Column> key, Column alone) {
    By(List<Column> key) {
      this(key, lit(false));
    }
  }

  /**
   * Moves and sorts rows that are anywhere; a few are only brought together. Of a key's rows those
   * that are beside none come last, after all that are beside the same ones.
   */
  static RowsByKey moved(Dataset<Row> rows, By by, int partitions) {
    Dataset<Row> keyed = keyed(rows, by);
    Column[] key = key(by.key().size());
    Dataset<Row> placed = partitions == 1 ? keyed.coalesce(1) : keyed.repartition(partitions, key);
    Column[] order = Stream.concat(Stream.of(key), Stream.of(cell(ALONE))).toArray(Column[]::new);
    return new RowsByKey(placed.sortWithinPartitions(order), key.length, partitions);
  }

  /** Rows that {@link #beside} gave, or some of them, kept or not. */
  static RowsByKey inPlace(Dataset<Row> rows, By by, int partitions) {
    return new RowsByKey(keyed(rows.drop(TWICE), by), by.key().size(), partitions);
  }

  private static Dataset<Row> keyed(Dataset<Row> rows, By by) {
    List<Column> cells = new ArrayList<>();
    for (int i = 0; i < by.key().size(); i++) {
      cells.add(by.key().get(i).as(KEY + i));
    }
    cells.add(by.alone().as(ALONE));
    Stream.of(rows.columns()).forEach(name -> cells.add(cell(name)));
    return rows.select(cells.toArray(Column[]::new));
  }

  private static Column[] key(int width) {
    return IntStream.range(0, width).mapToObj(i -> cell(KEY + i)).toArray(Column[]::new);
  }

  /** Which rows of the other side come. */
  enum Others {
    WITH_ONE,
    ALL
  }

  /**
   * Each row beside each of the other side's with its key, or beside NULLs; in the partitions and
   * the order of both.
   */
  Dataset<Row> beside(RowsByKey other, Others which) {
    if (!key.equals(other.key)) {
      throw new IllegalStateException("keys of " + key + " beside keys of " + other.key);
    }
    MergedRows.Layout layout =
        new MergedRows.Layout(
            key, rows.schema().length(), other.rows.schema().length(), which == Others.ALL);
    StructType schema = new StructType();
    for (StructField field : rows.schema().fields()) {
      schema = schema.add(field.name(), field.dataType());
    }
    for (StructField field : other.rows.schema().fields()) {
      String name = field.name();
      boolean ours = name.startsWith(KEY) || name.equals(ALONE);
      schema = schema.add(ours ? OTHERS + name : name, field.dataType());
    }
    Dataset<Row> merged =
        ((org.apache.spark.sql.classic.SparkSession) rows.sparkSession())
            .internalCreateDataFrame(
                placed()
                    .zipPartitions(other.placed(), (one, two) -> new MergedRows(one, two, layout))
                    .rdd(),
                schema.add(TWICE, DataTypes.BooleanType),
                false);
    return merged.select(
        Stream.of(merged.columns())
            .filter(name -> !name.contains(KEY) && !name.contains(ALONE))
            .map(name -> cell(name))
            .toArray(Column[]::new));
  }

  /** Of rows of which it knows that there are none, the optimizer makes other partitions. */
  private JavaRDD<InternalRow> placed() {
    JavaRDD<InternalRow> placed = SettingsInTasks.elements(rows);
    if (placed.getNumPartitions() == partitions) {
      return placed;
    }
    if (!placed.isEmpty()) {
      throw new IllegalStateException(
          "rows are in %d partitions, expected %d"
              .formatted(placed.getNumPartitions(), partitions));
    }
    return JavaSparkContext.fromSparkContext(rows.sparkSession().sparkContext())
        .parallelize(List.<InternalRow>of(), partitions);
  }
}
