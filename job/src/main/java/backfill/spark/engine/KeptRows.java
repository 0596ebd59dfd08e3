package backfill.spark.engine;

import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.Platform;
import org.apache.spark.util.LongAccumulator;

/**
 * Rows that Spark keeps as they are, many in one array of bytes. What it keeps by columns it takes
 * apart cell by cell and puts together again, and compiles classes for both; that is a fifth of all
 * the time that rows take, and where they are few it takes longer than all that is done with them.
 */
final class KeptRows extends InternalRows {
  private static final int ARRAY_BYTES = 256 << 10;

  private final LongAccumulator bytes;
  private final JavaRDD<byte[]> arrays;

  /** These rows, kept from their first use on. */
  KeptRows(Dataset<Row> rows, KeptInSpark kept) {
    super(rows.sparkSession(), rows.schema());
    bytes = rows.sparkSession().sparkContext().longAccumulator();
    arrays = kept.keep(packed(SettingsInTasks.elements(rows), rows.schema(), bytes));
  }

  private static JavaRDD<byte[]> packed(
      JavaRDD<InternalRow> rows, StructType schema, LongAccumulator bytes) {
    return Derived.ofPartitions(rows, partition -> new Packing(partition, schema, bytes));
  }

  /** Those that some rows are, or null where they are no such. */
  static KeptRows of(Dataset<Row> rows) {
    return rows.queryExecution().analyzed() instanceof LogicalRelation relation
            && relation.relation() instanceof KeptRows kept
        ? kept
        : null;
  }

  @Override
  protected JavaRDD<InternalRow> elements() {
    int columns = schema().length();
    return Derived.several(arrays, array -> new Unpacking(array, columns));
  }

  /** How many rows each partition has; no row is looked at. */
  JavaRDD<Long> counts() {
    return KeptInSpark.counts(arrays, array -> Platform.getInt(array, Platform.BYTE_ARRAY_OFFSET));
  }

  /** What came, or Spark's own guess before anything did: by it a join is planned. */
  @Override
  public long sizeInBytes() {
    return bytes.isZero() ? super.sizeInBytes() : bytes.value();
  }

  /**
   * An array begins with the number of its rows, and each row with that of its bytes: numbers that
   * take eight bytes, because Spark reads a row by the eight bytes, too.
   */
  private static final class Packing implements Iterator<byte[]> {
    private final Iterator<InternalRow> rows;
    private final StructType schema;
    private final LongAccumulator bytes;
    private UnsafeProjection projection;
    private byte[] array = new byte[1 << 10];
    private int used;

    Packing(Iterator<InternalRow> rows, StructType schema, LongAccumulator bytes) {
      this.rows = rows;
      this.schema = schema;
      this.bytes = bytes;
    }

    @Override
    public boolean hasNext() {
      return rows.hasNext();
    }

    @Override
    public byte[] next() {
      int count = 0;
      used = Long.BYTES;
      do {
        add(rows.next());
        count++;
      } while (used < ARRAY_BYTES && rows.hasNext());
      Platform.putInt(array, Platform.BYTE_ARRAY_OFFSET, count);
      bytes.add(used - Long.BYTES * (count + 1L));
      return Arrays.copyOf(array, used);
    }

    private void add(InternalRow given) {
      UnsafeRow row = given instanceof UnsafeRow unsafe ? unsafe : projected(given);
      int end = used + Long.BYTES + row.getSizeInBytes();
      if (end > array.length) {
        array = Arrays.copyOf(array, Math.max(end, 2 * array.length));
      }
      Platform.putInt(array, Platform.BYTE_ARRAY_OFFSET + used, row.getSizeInBytes());
      row.writeToMemory(array, Platform.BYTE_ARRAY_OFFSET + used + Long.BYTES);
      used = end;
    }

    private UnsafeRow projected(InternalRow row) {
      if (projection == null) {
        projection = UnsafeProjection.create(schema);
      }
      return projection.apply(row);
    }
  }

  /** Every row that comes is the same object, as elsewhere in Spark, and what it shows stays. */
  private static final class Unpacking implements Iterator<InternalRow> {
    private final byte[] array;
    private final UnsafeRow row;
    private int place = Long.BYTES;

    Unpacking(byte[] array, int columns) {
      this.array = array;
      this.row = new UnsafeRow(columns);
    }

    @Override
    public boolean hasNext() {
      return place < array.length;
    }

    @Override
    public InternalRow next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      int size = Platform.getInt(array, Platform.BYTE_ARRAY_OFFSET + place);
      place += Long.BYTES;
      row.pointTo(array, Platform.BYTE_ARRAY_OFFSET + place, size);
      place += size;
      return row;
    }
  }
}
