package backfill.spark;

import backfill.postgres.TargetColumn;
import backfill.postgres.WriteCounts;
import backfill.postgres.WriteTarget;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.metric.CustomTaskMetric;
import org.apache.spark.sql.connector.write.DataWriter;
import org.apache.spark.sql.connector.write.WriterCommitMessage;
import org.apache.spark.sql.types.StructType;

/** Writes one partition's rows, in whatever columns they are, and holds them to their order. */
final class SinkWriter implements DataWriter<InternalRow> {
  private final SinkConfig config;
  private final PartitionWriter writer;
  private final CellReader[] cells;
  private final int[] keyCells;
  private SortKey first;
  private SortKey last;

  SinkWriter(SinkConfig config, StructType schema, int partition) {
    WriteTarget target = config.target();
    this.config = config;
    this.writer = new PartitionWriter(config, partition);
    this.cells = new CellReader[schema.length()];
    for (int i = 0; i < cells.length; i++) {
      cells[i] = CellReader.of(schema.fields()[i]);
    }
    List<String> names = target.columns().stream().map(TargetColumn::name).toList();
    this.keyCells = target.key().stream().mapToInt(names::indexOf).toArray();
  }

  @Override
  public void write(InternalRow row) throws IOException {
    List<Object> key = new ArrayList<>(keyCells.length);
    for (int cell : keyCells) {
      key.add(cells[cell].read(row, cell));
    }
    refuseUnfindable(key);
    advance(new SortKey(key));
    if (!writer.skips()) {
      for (int i = 0; i < cells.length; i++) {
        writer.batch().add(i, cells[i].read(row, i));
      }
      writer.endRow();
    }
  }

  /** Everywhere else the column is NOT NULL, or the index takes NULLs for equal. */
  private void refuseUnfindable(List<Object> key) {
    if (config.predicate() != null && key.contains(null)) {
      throw new IllegalArgumentException(
          "a row's key is "
              + key
              + ", and the unique index covers only rows WHERE "
              + config.predicate()
              + ": each run would add the row again; leave such rows out");
    }
  }

  private void advance(SortKey key) {
    if (config.distribution() != SinkConfig.Distribution.IN_ORDER
        && last != null
        && last.compareTo(key) > 0) {
      throw new IllegalStateException(
          "key "
              + key
              + " comes after "
              + last
              + "; with distribution = none each partition must ascend by the key");
    }
    if (first == null) {
      first = key;
    }
    last = key;
  }

  @Override
  public CustomTaskMetric[] currentMetricsValues() {
    return new CustomTaskMetric[] {RowsWritten.of(writer.counts().rows())};
  }

  @Override
  public WriterCommitMessage commit() throws IOException {
    return new Written(writer.end(), first, last);
  }

  @Override
  public void abort() {
    close();
  }

  @Override
  public void close() {
    writer.close();
  }

  /**
   * What one task did.
   *
   * @param first the first key it wrote, or null
   */
  record Written(WriteCounts counts, SortKey first, SortKey last) implements WriterCommitMessage {}
}
