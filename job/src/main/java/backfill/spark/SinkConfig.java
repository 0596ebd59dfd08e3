package backfill.spark;

import backfill.postgres.LedgerSlot;
import backfill.postgres.WriteTarget;
import java.io.Serializable;

/**
 * What one write through the connector needs, on the driver and on executors.
 *
 * @param rowsPerBatch rows of one transaction, at most
 * @param batchBytes what its rows may take in memory, about
 * @param predicate of a partial arbiter index, or null
 * @param writers partitions that write at the same time, at most; 0 where the input's own
 *     partitions are the bound
 * @param slot where batches are entered, or null without a ledger
 */
record SinkConfig(
    WriteTarget target,
    String predicate,
    int rowsPerBatch,
    long batchBytes,
    int writers,
    String applicationName,
    Distribution distribution,
    LedgerSlot slot)
    implements Serializable {

  /** How the input is split among the writers. */
  enum Distribution {
    /** Spark range-partitions and sorts it by the key. */
    RANGE,
    /** It is split into disjoint ascending ranges of the key already; the writer checks. */
    NONE,
    /** It is one partition, whose order is not that of the key. */
    IN_ORDER
  }
}
