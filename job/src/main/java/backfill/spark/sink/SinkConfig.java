package backfill.spark.sink;

import backfill.postgres.ledger.LedgerSlot;
import backfill.postgres.ledger.StreamSlot;
import backfill.postgres.write.WriteTarget;
import java.io.Serializable;
import java.util.List;

/**
 * What one write through the connector needs, on the driver and on executors.
 *
 * @param predicate of a partial arbiter index, or null
 * @param pace how much is written at once
 * @param slot where batches are entered, or null without a ledger
 * @param stream the batch of a streaming query that the rows are, or null
 * @param declared the type of each column with its bounds, for rows that nothing has looked at yet;
 *     empty for the job's own, which the diff has compared
 */
public record SinkConfig(
    WriteTarget target,
    String predicate,
    Pace pace,
    String applicationName,
    Distribution distribution,
    LedgerSlot slot,
    StreamSlot stream,
    List<String> declared)
    implements Serializable {

  /**
   * How much is written at once.
   *
   * @param rowsPerBatch rows of one transaction, at most
   * @param batchBytes what its rows may take in memory, about
   * @param writers partitions that write at the same time, at most; 0 where the input's own
   *     partitions are the bound
   */
  record Pace(int rowsPerBatch, long batchBytes, int writers) implements Serializable {}

  /** How the input is split among the writers. */
  enum Distribution {
    /** Spark range-partitions and sorts it by the key. */
    RANGE,
    /** It is split into disjoint ascending ranges of the key already; the writer checks. */
    NONE,
    /** It is one partition, whose order is not that of the key. */
    IN_ORDER
  }

  int rowsPerBatch() {
    return pace.rowsPerBatch();
  }

  long batchBytes() {
    return pace.batchBytes();
  }

  int writers() {
    return pace.writers();
  }

  /** The same for rows in an order of their own. */
  SinkConfig inOrder() {
    return new SinkConfig(
        target, predicate, pace, applicationName, Distribution.IN_ORDER, slot, stream, declared);
  }

  /** Whether the rows are anybody's, and not the job's own. */
  boolean alone() {
    return !declared.isEmpty();
  }

  /** The places of the key's columns in a row. */
  int[] keyPlaces() {
    List<String> names = target.columns().stream().map(column -> column.name()).toList();
    return target.key().stream().mapToInt(names::indexOf).toArray();
  }
}
