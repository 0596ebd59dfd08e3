package backfill.spark.rows;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.udf;
import static org.apache.spark.sql.functions.when;
import static org.apache.spark.sql.functions.xxhash64;

import backfill.membership.Generations;
import backfill.postgres.catalog.ParentKey;
import backfill.spark.engine.SettingsInTasks;
import backfill.spark.engine.SparkJobs;
import backfill.spark.query.Cells;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataTypes;

/**
 * Puts rows that refer to rows of their own table after these, whatever batches they then come
 * into: in one partition, by generation and key. Which row refers to which is found out on the
 * driver, where each row that refers to another takes some 50 bytes. Rows are told apart by digests
 * of their keys: two that are the same could at worst be in the wrong order, which the server then
 * says.
 */
final class ParentsFirst implements AutoCloseable {
  private static final String GENERATION = "row generation";

  private final List<String> key;
  private final List<ParentKey> own;
  private final Function<String, Column> cell;
  private Broadcast<Generations> generations;

  /**
   * @param own the foreign keys that refer to the table itself
   * @param cell the rows' column for one of the table
   */
  ParentsFirst(List<String> key, List<ParentKey> own, Function<String, Column> cell) {
    this.key = key;
    this.own = own;
    this.cell = cell;
  }

  /**
   * The rows in their order.
   *
   * @param childrenFirst for rows that go
   */
  Dataset<Row> order(Dataset<Row> rows, boolean childrenFirst) {
    Generations found = Generations.of(packed(rows), own.size());
    generations =
        JavaSparkContext.fromSparkContext(rows.sparkSession().sparkContext()).broadcast(found);
    Broadcast<Generations> sent = generations;
    UDF1<Long, Integer> of = row -> sent.value().of(row);
    Dataset<Row> numbered =
        rows.withColumn(GENERATION, udf(of, DataTypes.IntegerType).apply(digest(key)));
    Column first = Cells.cell(GENERATION);
    return numbered
        .repartition(1)
        .sortWithinPartitions(
            Stream.concat(
                    Stream.of(childrenFirst ? first.desc() : first.asc()), key.stream().map(cell))
                .toArray(Column[]::new))
        .drop(GENERATION);
  }

  private Column digest(List<String> columns) {
    return xxhash64(
        columns.stream().map(name -> cell.apply(name).cast("string")).toArray(Column[]::new));
  }

  /** What {@link Generations#of} takes, of the rows that refer to another. */
  private List<long[]> packed(Dataset<Row> rows) {
    List<Column> numbers = new ArrayList<>(List.of(digest(key)));
    List<Column> refers = new ArrayList<>();
    for (ParentKey each : own) {
      Column asParent = digest(each.parentColumns());
      Column named = Cells.allOf(each.columns(), column -> cell.apply(column).isNotNull());
      Column parent = coalesce(when(named, digest(each.columns())), asParent);
      numbers.add(asParent);
      numbers.add(parent);
      refers.add(Cells.not(parent.equalTo(asParent)));
    }
    int width = numbers.size();
    return SparkJobs.ofEach(
        SettingsInTasks.elements(
            rows.where(refers.stream().reduce(Column::or).orElseThrow())
                .select(numbers.toArray(Column[]::new))),
        some -> longs(some, width));
  }

  private static long[] longs(Iterator<InternalRow> rows, int width) {
    long[] longs = new long[16 * width];
    int size = 0;
    while (rows.hasNext()) {
      InternalRow row = rows.next();
      if (size == longs.length) {
        longs = Arrays.copyOf(longs, 2 * size);
      }
      for (int i = 0; i < width; i++) {
        longs[size++] = row.getLong(i);
      }
    }
    return Arrays.copyOf(longs, size);
  }

  @Override
  public void close() {
    if (generations != null) {
      generations.destroy();
    }
  }
}
