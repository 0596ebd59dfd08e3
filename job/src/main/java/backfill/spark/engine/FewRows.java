package backfill.spark.engine;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.LongAccumulator;

/**
 * Rows that Spark keeps as they are. Of rows that it keeps by columns it compiles a class for each
 * list of types before the first one can be read again, and where they are few that takes longer
 * than all that is done with them.
 */
final class FewRows extends InternalRows {
  private final LongAccumulator bytes;
  private final Packed<InternalRow> kept;

  /** These rows, kept from their first use on. */
  FewRows(Dataset<Row> rows, KeptInSpark kept) {
    super(rows.sparkSession(), rows.schema());
    bytes = rows.sparkSession().sparkContext().longAccumulator();
    this.kept =
        Packed.keep(
            weighed(SettingsInTasks.elements(rows), bytes), new RowCodec(rows.schema()), kept);
  }

  private static JavaRDD<InternalRow> weighed(JavaRDD<InternalRow> rows, LongAccumulator bytes) {
    return rows.map(
        row -> {
          if (row instanceof UnsafeRow unsafe) {
            bytes.add(unsafe.getSizeInBytes());
          }
          return row;
        });
  }

  /** Rows with these columns, in Spark's own format for them. */
  private record RowCodec(StructType schema) implements Codec<InternalRow> {
    @Override
    public void write(InternalRow row, DataOutput out) throws IOException {
      UnsafeRow unsafe =
          row instanceof UnsafeRow same ? same : UnsafeProjection.create(schema).apply(row);
      Codec.write(unsafe.getBytes(), out);
    }

    @Override
    public InternalRow read(DataInput in) throws IOException {
      byte[] bytes = Codec.bytes(in);
      UnsafeRow row = new UnsafeRow(schema.size());
      row.pointTo(bytes, bytes.length);
      return row;
    }
  }

  /** Those that some rows are, or null where they are no such. */
  static FewRows of(Dataset<Row> rows) {
    return rows.queryExecution().analyzed() instanceof LogicalRelation relation
            && relation.relation() instanceof FewRows few
        ? few
        : null;
  }

  @Override
  protected JavaRDD<InternalRow> elements() {
    return kept.elements();
  }

  /** What came, or Spark's own guess before anything did: by it a join is planned. */
  @Override
  public long sizeInBytes() {
    return bytes.isZero() ? super.sizeInBytes() : bytes.value();
  }
}
