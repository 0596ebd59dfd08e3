package backfill.postgres.write;

import backfill.postgres.ledger.Keeping;
import backfill.postgres.ledger.ModeCounts;
import backfill.postgres.ledger.StreamEntries;
import backfill.postgres.ledger.StreamSlot;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.server.SessionSettings;
import java.sql.SQLException;
import java.util.function.LongConsumer;

/**
 * Writes all rows of one batch of a streaming query in one transaction, and enters the batch in the
 * ledger with them: it is in the table whole or not at all, and once, however often and however
 * partitioned it is given again. Two that write batches of one stream wait for each other. A
 * failure that passes is not tried again here, where the rows are gone by then. Used by one thread.
 */
public final class StreamWriter implements AutoCloseable {
  private final WriteTarget target;
  private final StreamSlot slot;
  private final BatchTransactions transactions;
  private final BatchSender sender;
  private WriteCounts counts = WriteCounts.NONE;
  private LongConsumer watcher = rows -> {};
  private String transaction;
  private boolean passed;

  public StreamWriter(WriteTarget target, String applicationName, StreamSlot slot) {
    this.target = target;
    this.slot = slot;
    this.transactions =
        new BatchTransactions(target.database(), applicationName, target.retryFor());
    this.sender =
        new BatchSender(target, Keeping.NOTHING, rows -> watcher.accept(counts.rows() + rows));
  }

  /** From now on this hears of rows as the server takes them, none of them committed. */
  public void watch(LongConsumer rows) {
    watcher = rows;
  }

  /** An empty batch of this target's columns. */
  public Batch newBatch() {
    return new Batch(BatchStatement.columns(target));
  }

  /**
   * Writes some of the rows; none where the batch is in already.
   *
   * @throws TooManyRejectedException if too many were rejected; nothing is in then
   */
  public void write(Batch rows) throws SQLException {
    begin();
    if (passed) {
      return;
    }
    if (rows.size() > 0) {
      counts = counts.plus(sender.send(transactions.open(), rows).counts());
      sender.committed();
    }
    counts = counts.plus(WriteCounts.rejected(rows.rejected()));
    TooManyRejectedException.check(
        counts.rejectedForTheData(), target.rejecting().rowsAllowed(), counts.rejections());
  }

  private void begin() throws SQLException {
    if (transaction == null) {
      transaction =
          transactions.begin(
              BatchStatement.begin(target)
                  // The server ends it where the process is frozen in the middle, with locks that
                  // others need.
                  + ","
                  + SessionSettings.untilCommit(
                      "idle_in_transaction_session_timeout",
                      target.statementTimeout().toMillis() + "ms")
                  + ", pg_catalog.pg_advisory_xact_lock("
                  + slot.lockKey()
                  + ")::text",
              null);
      // A statement of its own: it sees what was committed before the lock was had.
      passed = StreamEntries.find(transactions.open(), slot).isPresent();
    }
  }

  /** Of the rows so far. */
  public WriteCounts counts() {
    return counts;
  }

  /**
   * Enters the batch and commits it, or throws and leaves nothing of it.
   *
   * @param repeated rows that were given and never sent
   */
  public void commit(long repeated) throws SQLException {
    begin();
    if (!passed) {
      StreamEntries.enter(
          transactions.open(),
          slot,
          ModeCounts.of(target.mode(), counts, repeated),
          counts.rejections());
      transactions.commit(transaction, null, counts.rows());
    }
  }

  @Override
  public void close() {
    transactions.close();
  }
}
