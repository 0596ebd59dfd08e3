package backfill.spark;

import backfill.postgres.Batch;
import backfill.postgres.BatchWriter;
import backfill.postgres.TableName;
import backfill.postgres.TargetColumn;
import backfill.postgres.WriteCounts;
import backfill.postgres.WriteTarget;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.metric.CustomTaskMetric;
import org.apache.spark.sql.connector.write.DataWriter;
import org.apache.spark.sql.connector.write.WriterCommitMessage;
import org.apache.spark.sql.types.StructType;

/** Writes one partition's rows, a batch at a time, on the executor that has them. */
final class SinkWriter implements DataWriter<InternalRow> {
  private static final long UNKNOWN = -1;

  private final SinkConfig config;
  private final BatchWriter writer;
  private final Batch batch;
  private final CellReader[] cells;
  private final int[] keyCells;
  private long toSkip = UNKNOWN;
  private SortKey first;
  private SortKey last;

  SinkWriter(SinkConfig config, StructType schema, int partition) {
    WriteTarget target = config.target();
    this.config = config;
    this.writer =
        new BatchWriter(
            target,
            config.applicationName() + " #" + partition,
            config.slot() == null ? null : config.slot().forPartition(partition));
    this.batch = writer.newBatch();
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
    if (toSkip == UNKNOWN) {
      toSkip = rowsWrittenBefore();
    }
    if (toSkip > 0) {
      // The attempt before has committed this row; a partition's rows come in the same order again.
      toSkip--;
      return;
    }
    for (int i = 0; i < cells.length; i++) {
      batch.add(i, cells[i].read(row, i));
    }
    if (batch.size() >= config.rowsPerBatch()) {
      send();
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

  private long rowsWrittenBefore() throws IOException {
    TaskContext task = TaskContext.get();
    if (task == null || (task.attemptNumber() == 0 && task.stageAttemptNumber() == 0)) {
      return 0;
    }
    try {
      return writer.rowsWrittenBefore();
    } catch (SQLException e) {
      throw new IOException("cannot ask the ledger how far the attempt before came", e);
    }
  }

  private void advance(SortKey key) {
    if (last != null && last.compareTo(key) > 0) {
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

  private void send() throws IOException {
    try {
      writer.write(batch);
      batch.clear();
    } catch (SQLException e) {
      TableName table = config.target().table();
      throw new IOException("cannot write a batch of " + batch.size() + " rows to " + table, e);
    }
  }

  @Override
  public CustomTaskMetric[] currentMetricsValues() {
    return new CustomTaskMetric[] {RowsWritten.of(writer.counts().rows())};
  }

  @Override
  public WriterCommitMessage commit() throws IOException {
    send();
    boolean firstAttempt = TaskContext.get() == null || TaskContext.get().attemptNumber() == 0;
    WriteCounts counts = firstAttempt ? writer.counts() : writer.counts().inexact();
    return new Written(counts, first, last);
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
