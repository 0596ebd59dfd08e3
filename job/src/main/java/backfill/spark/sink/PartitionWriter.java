package backfill.spark.sink;

import backfill.plan.Amount;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.write.Batch;
import backfill.postgres.write.BatchWriter;
import java.io.IOException;
import java.sql.SQLException;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;

/**
 * The batches of one partition, one after the other, on the executor that has its rows: a row is
 * added value by value, then ended. A task that is tried again gives the same rows in the same
 * order, and those that an earlier attempt has committed are passed over.
 */
public final class PartitionWriter implements RowsOut {
  private static final long UNKNOWN = -1;

  private final SinkConfig config;
  private final BatchWriter writer;
  private final Batch batch;
  private long toSkip = UNKNOWN;

  public PartitionWriter(SinkConfig config, int partition) {
    this.config = config;
    this.writer =
        new BatchWriter(
            config.target(),
            config.applicationName() + " #" + partition,
            config.slot() == null ? null : config.slot().forPartition(partition));
    this.batch = writer.newBatch();
    writer.watch(PartitionWriter::count);
    writer.whileWaiting(PartitionWriter::endIfKilled);
  }

  /** Where the progress line looks. */
  static void count(long rows) {
    if (TaskContext.get() != null) {
      TaskContext.get().taskMetrics().outputMetrics().setRecordsWritten(rows);
    }
  }

  @Override
  public Batch batch() {
    return batch;
  }

  /** Whether the next row is written already, and so is not to be added. */
  public boolean skips() throws IOException {
    if (toSkip == UNKNOWN) {
      toSkip = rowsWrittenBefore();
    }
    if (toSkip == 0) {
      return false;
    }
    toSkip--;
    return true;
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

  @Override
  public void endRow() throws IOException {
    if (batch.rows() >= writer.rowsAtOnce(config.rowsPerBatch())
        || batch.bytes() >= config.batchBytes()) {
      send();
    }
  }

  @Override
  public void send() throws IOException {
    endIfKilled();
    try {
      writer.write(batch);
      batch.clear();
      toSkip += writer.ahead();
    } catch (SQLException e) {
      throw new IOException(
          "cannot write a batch of "
              + Amount.of(batch.size(), "row")
              + " to "
              + config.target().table(),
          e);
    }
  }

  static void endIfKilled() {
    TaskContext task = TaskContext.get();
    if (task != null && task.isInterrupted()) {
      throw new TaskKilledException("given up between two batches");
    }
  }

  /** Writes what is left, and says what all batches did. */
  public WriteCounts end() throws IOException {
    send();
    return total();
  }

  /** Each batch is in already. */
  @Override
  public void finish(long repeated) {}

  /** What all batches did, for the driver. */
  @Override
  public WriteCounts total() {
    boolean firstAttempt = TaskContext.get() == null || TaskContext.get().attemptNumber() == 0;
    return firstAttempt ? writer.counts() : writer.counts().inexact();
  }

  @Override
  public WriteCounts counts() {
    return writer.counts();
  }

  @Override
  public void close() {
    writer.close();
  }
}
