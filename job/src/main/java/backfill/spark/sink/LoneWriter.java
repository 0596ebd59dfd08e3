package backfill.spark.sink;

import backfill.postgres.ledger.ModeCounts;
import backfill.postgres.ledger.Rejection;
import backfill.postgres.server.Retry;
import backfill.postgres.server.SqlFailure;
import backfill.postgres.write.TooManyRejectedException;
import backfill.spark.query.CellReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.metric.CustomTaskMetric;
import org.apache.spark.sql.connector.write.DataWriter;
import org.apache.spark.sql.connector.write.WriterCommitMessage;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Writes one partition of anybody's rows, which come by key. A row is held until the next has
 * another key: one that is repeated goes once, and rows that differ under one key are rejected,
 * because nothing says which of them is meant.
 *
 * <p>What another attempt of the task would only meet again does not fail it: the writer stops, and
 * the driver says why.
 */
final class LoneWriter implements DataWriter<InternalRow> {
  private final SinkConfig config;
  private final RowsOut writer;
  private final CellReader[] cells;
  private final int[] keyCells;
  private Object[] held;
  private SortKey heldKey;
  private int times;
  private boolean ambiguous;
  private SortKey first;
  private SortKey last;
  private long repeated;
  private String stopped;

  LoneWriter(SinkConfig config, StructType schema, int partition) {
    this.config = config;
    this.writer =
        config.stream() == null
            ? new PartitionWriter(config, partition)
            : new StreamPartition(config);
    this.keyCells = config.keyPlaces();
    this.cells = new CellReader[schema.length()];
    for (int i = 0; i < cells.length; i++) {
      StructField field = schema.fields()[i];
      String name = config.target().columns().get(i).name();
      cells[i] =
          SinkCells.withInfinities(
              field,
              SinkTypes.reader(name, field.dataType(), config.declared().get(i)).orElseThrow());
    }
  }

  /** Spark asks for metrics after this, and then no more: the last batch must be in. */
  @Override
  public void writeAll(Iterator<InternalRow> rows) throws IOException {
    while (stopped == null && rows.hasNext()) {
      write(rows.next());
    }
    orStop(this::sendAll);
  }

  @Override
  public void write(InternalRow row) throws IOException {
    orStop(() -> take(row));
  }

  /** Something that may fail for good. */
  @FunctionalInterface
  private interface Work {
    void run() throws IOException;
  }

  private void orStop(Work work) throws IOException {
    if (stopped != null) {
      return;
    }
    try {
      work.run();
    } catch (TooManyRejectedException | IllegalStateException e) {
      stopped = e.getMessage();
    } catch (IOException e) {
      if (SqlFailure.in(e).isEmpty() || SqlFailure.connectionLost(e) || isTriedAgain(e)) {
        throw e;
      }
      stopped = e.getMessage() + ": " + SqlFailure.message(e);
    }
  }

  /** Nothing of a stream's batch is in, so that the driver may begin anew. */
  private boolean isTriedAgain(IOException failure) {
    return config.stream() != null && SqlFailure.in(failure).filter(Retry::passing).isPresent();
  }

  private void take(InternalRow row) throws IOException {
    Object[] values = new Object[cells.length];
    try {
      for (int i = 0; i < cells.length; i++) {
        values[i] = cells[i].read(row, i);
      }
    } catch (UnfitValueException e) {
      reject(Rejection.unfit(e.getMessage(), texts(row)));
      return;
    }
    SortKey key = SortKey.of(values, keyCells);
    if (config.predicate() != null && key.parts().contains(null)) {
      // Everywhere else the column is NOT NULL, or the index takes NULLs for equal.
      reject(Rejection.nullKey(texts(key)));
      return;
    }
    advance(key);
    if (heldKey == null || heldKey.compareTo(key) != 0) {
      release();
      held = values;
      heldKey = key;
    } else {
      ambiguous |= !Arrays.equals(held, values);
    }
    times++;
  }

  private void advance(SortKey key) {
    if (config.distribution() == SinkConfig.Distribution.NONE) {
      last = key.after(last);
      first = first == null ? key : first;
    }
  }

  /** The row that was held goes its way. */
  private void release() throws IOException {
    if (held == null) {
      return;
    }
    if (ambiguous) {
      Rejection each = Rejection.unfit("rows that differ have this key", texts(heldKey));
      for (int i = 0; i < times; i++) {
        reject(each);
      }
    } else {
      repeated += times - 1;
      for (int i = 0; i < held.length; i++) {
        writer.batch().add(i, held[i]);
      }
      writer.endRow();
    }
    held = null;
    times = 0;
    ambiguous = false;
  }

  private void reject(Rejection rejection) throws IOException {
    writer.batch().reject(rejection);
    writer.endRow();
  }

  private static List<String> texts(SortKey key) {
    return key.parts().stream().map(LoneWriter::text).toList();
  }

  /** The key of a row of which not every value can be read. */
  private List<String> texts(InternalRow row) {
    List<String> key = new ArrayList<>();
    for (int cell : keyCells) {
      try {
        key.add(text(cells[cell].read(row, cell)));
      } catch (UnfitValueException e) {
        key.add(text(e.value()));
      }
    }
    return key;
  }

  private static String text(Object value) {
    return value == null ? null : value.toString();
  }

  private void sendAll() throws IOException {
    release();
    writer.send();
  }

  @Override
  public CustomTaskMetric[] currentMetricsValues() {
    return WriteMetrics.of(
        ModeCounts.of(config.target().conflict().mode(), writer.counts(), repeated));
  }

  @Override
  public WriterCommitMessage commit() throws IOException {
    orStop(this::sendAll);
    orStop(() -> writer.finish(repeated));
    return new SinkOutcome.Written(writer.total(), repeated, first, last, stopped);
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
