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
 */
public record LedgerSlot(
    String schema, UUID runId, String step, int partition, Map<String, Long> epochs)
    implements Serializable {

  /** The same for one partition. */
  public LedgerSlot forPartition(int number) {
    return new LedgerSlot(schema, runId, step, number, epochs);
  }

  String table(String name) {
    return TableName.quote(schema) + "." + name;
  }
}
