package backfill.postgres.ledger;

import backfill.postgres.server.TableName;
import java.io.Serializable;
import java.util.List;

/**
 * One batch of a streaming query on its way into one table, as the ledger knows it.
 *
 * @param schema of the ledger
 * @param stream the name of the query's rows for this table
 * @param query the query's own number, which stays with its checkpoint; null where it is not told
 */
public record StreamSlot(
    String schema, String stream, TableName target, long batch, String query, WriteMode mode)
    implements Serializable {

  /**
   * What came of the batch when it was written.
   *
   * @param query null where it was not told
   */
  public record Entered(String query, String mode, ModeCounts counts, List<Rejection> rejections) {}

  /** The lock under which one writer at a time writes batches of the stream into the table. */
  public long lockKey() {
    return Lease.lockKey(schema, "stream " + stream + " into " + target.quoted());
  }

  String table() {
    return TableName.quote(schema) + ".stream";
  }

  /** For messages. */
  @Override
  public String toString() {
    return "batch " + batch + " of stream " + stream;
  }
}
