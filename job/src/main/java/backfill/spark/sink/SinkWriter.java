package backfill.spark.sink;

import backfill.spark.engine.WrittenRowsMetric;
import backfill.spark.query.CellReader;
import java.io.IOException;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.metric.CustomTaskMetric;
import org.apache.spark.sql.connector.write.DataWriter;
import org.apache.spark.sql.connector.write.WriterCommitMessage;
import org.apache.spark.sql.types.StructType;

/**
 * Writes one partition of the job's own rows, in whatever columns, and holds them to their order.
 */
final class SinkWriter implements DataWriter<InternalRow> {
  private final PartitionWriter writer;
  private final CellReader[] cells;
  private final int[] keyCells;
  private final boolean inOrder;
  private SortKey first;
  private SortKey last;

  SinkWriter(SinkConfig config, StructType schema, int partition) {
    this.writer = new PartitionWriter(config, partition);
    this.cells = new CellReader[schema.length()];
    for (int i = 0; i < cells.length; i++) {
      cells[i] = CellReader.of(schema.fields()[i]);
    }
    this.keyCells = config.keyPlaces();
    this.inOrder = config.distribution() == SinkConfig.Distribution.IN_ORDER;
  }

  /** Spark asks for metrics after this, and then no more: the last batch must be in. */
  @Override
  public void writeAll(Iterator<InternalRow> rows) throws IOException {
    DataWriter.super.writeAll(rows);
    writer.send();
  }

  @Override
  public void write(InternalRow row) throws IOException {
    Object[] values = new Object[cells.length];
    for (int i = 0; i < cells.length; i++) {
      values[i] = cells[i].read(row, i);
    }
    advance(SortKey.of(values, keyCells));
    if (!writer.skips()) {
      for (int i = 0; i < cells.length; i++) {
        writer.batch().add(i, values[i]);
      }
      writer.endRow();
    }
  }

  private void advance(SortKey key) {
    last = inOrder ? key : key.after(last);
    if (first == null) {
      first = key;
    }
  }

  @Override
  public CustomTaskMetric[] currentMetricsValues() {
    return new CustomTaskMetric[] {WrittenRowsMetric.of(writer.counts().rows())};
  }

  @Override
  public WriterCommitMessage commit() throws IOException {
    writer.send();
    return new SinkOutcome.Written(writer.total(), 0, first, last, null);
  }

  @Override
  public void abort() {
    close();
  }

  @Override
  public void close() {
    writer.close();
  }
}
