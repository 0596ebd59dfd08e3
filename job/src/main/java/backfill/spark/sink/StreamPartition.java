package backfill.spark.sink;

import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.write.Batch;
import backfill.postgres.write.StreamWriter;
import java.io.IOException;
import java.sql.SQLException;

/** All rows of one batch of a streaming query, on the executor that has them. */
final class StreamPartition implements RowsOut {
  private final SinkConfig config;
  private final StreamWriter writer;
  private final Batch batch;

  StreamPartition(SinkConfig config) {
    this.config = config;
    this.writer =
        new StreamWriter(config.target(), config.applicationName() + " #0", config.stream());
    this.batch = writer.newBatch();
    writer.watch(PartitionWriter::count);
  }

  @Override
  public Batch batch() {
    return batch;
  }

  @Override
  public void endRow() throws IOException {
    if (batch.rows() >= config.rowsPerBatch() || batch.bytes() >= config.batchBytes()) {
      send();
    }
  }

  @Override
  public void send() throws IOException {
    PartitionWriter.endIfKilled();
    try {
      writer.write(batch);
      batch.clear();
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  @Override
  public void finish(long repeated) throws IOException {
    try {
      writer.commit(repeated);
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  private IOException failed(SQLException e) {
    return new IOException("cannot write " + config.stream() + " to " + config.target().table(), e);
  }

  @Override
  public WriteCounts counts() {
    return writer.counts();
  }

  @Override
  public WriteCounts total() {
    return writer.counts();
  }

  @Override
  public void close() {
    writer.close();
  }
}
