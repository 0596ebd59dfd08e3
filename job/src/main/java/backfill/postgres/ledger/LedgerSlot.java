package backfill.postgres.ledger;

import backfill.postgres.server.TableName;
import java.io.Serializable;
import java.util.Map;
import java.util.UUID;

/**
 * What one writer needs to enter its batches in the ledger, on whatever machine it runs.
 *
 * @param schema of the ledger
 * @param epochs each lease that the run holds, by name, with the epoch in which it was taken
 * @param keeping what is kept of the rows that a batch changes
 */
public record LedgerSlot(
    String schema,
    UUID runId,
    String step,
    int partition,
    Map<String, Long> epochs,
    Keeping keeping)
    implements Serializable {

  /** Of batches that keep counts alone. */
  public LedgerSlot(
      String schema, UUID runId, String step, int partition, Map<String, Long> epochs) {
    this(schema, runId, step, partition, epochs, Keeping.NOTHING);
  }

  /** The same for one partition. */
  public LedgerSlot forPartition(int number) {
    return new LedgerSlot(schema, runId, step, number, epochs, keeping);
  }

  /** The same for batches that keep more. */
  public LedgerSlot keeping(Keeping more) {
    return new LedgerSlot(schema, runId, step, partition, epochs, more);
  }

  String table(String name) {
    return TableName.quote(schema) + "." + name;
  }
}
