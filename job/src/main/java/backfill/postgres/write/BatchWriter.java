package backfill.postgres.write;

import backfill.postgres.ledger.BatchLedger;
import backfill.postgres.ledger.ChangedRows;
import backfill.postgres.ledger.Keeping;
import backfill.postgres.ledger.LedgerSlot;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.server.Retry;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.SqlState;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * Writes batches into one table over one connection, a transaction each. Used by one thread. A
 * batch that failed for a passing reason is tried again on the same rows, and an unanswered COMMIT
 * is settled before that.
 */
public final class BatchWriter implements AutoCloseable {
  private final WriteTarget target;
  private final BatchTransactions transactions;
  private final BatchSender sender;
  private final BatchLedger ledger;
  private final Keeping keeping;
  private WriteCounts counts = WriteCounts.NONE;
  private LongConsumer watcher = rows -> {};
  private long rejectedBefore;
  private long keptBytes;
  private boolean keepsNoMore;
  private long position;
  private long ahead;

  public BatchWriter(WriteTarget target, String applicationName) {
    this(target, applicationName, null);
  }

  /**
   * @param slot where its batches are entered, or null without a ledger
   */
  public BatchWriter(WriteTarget target, String applicationName, LedgerSlot slot) {
    this.target = target;
    this.transactions =
        new BatchTransactions(target.database(), applicationName, target.retryFor());
    this.ledger = slot == null ? null : new BatchLedger(slot);
    this.keeping = slot == null ? Keeping.NOTHING : slot.keeping();
    this.sender = new BatchSender(target, keeping, rows -> watcher.accept(counts.rows() + rows));
  }

  /** From now on this hears of rows as the server takes them, those not committed yet included. */
  public void watch(LongConsumer rows) {
    watcher = rows;
  }

  /** An empty batch of this target's columns. */
  public Batch newBatch() {
    return new Batch(BatchStatement.columns(target));
  }

  /**
   * Writes the batch and commits it, or throws and leaves none of it. Where another attempt of the
   * same task was faster with its beginning, only the rest of it is written.
   *
   * @throws SQLException what the server said, with the failures before it suppressed
   * @throws TooManyRejectedException after the commit, if too many rows of this writer were
   *     rejected
   */
  public void write(Batch batch) throws SQLException {
    if (batch.size() == 0) {
      counts = counts.plus(WriteCounts.rejected(batch.rejected()));
      refuseTooManyRejected();
      return;
    }
    Batch rest = batch;
    while (rest.size() > 0) {
      rest = written(rest);
    }
    counts = counts.plus(WriteCounts.rejected(batch.rejected()));
    watcher.accept(counts.rows());
    refuseTooManyRejected();
  }

  /** Writes a batch; what is left of it is another one's beginning, or empty. */
  private Batch written(Batch batch) throws SQLException {
    Optional<WriteCounts> written = transactions.retried(retry -> attempt(batch, retry));
    if (written.isPresent()) {
      counts = counts.plus(written.get());
      position += batch.size();
      return batch.part(batch.size(), batch.size());
    }
    // Another attempt of this task, started by speculation, was faster with the same rows; where
    // its batch ended is the throttle's to say, and may be elsewhere.
    BatchLedger.Progress there = transactions.retried(retry -> resumed());
    long passed = there.rows() - position;
    int ofThis = (int) Math.min(Math.max(0, passed), batch.size());
    if (ofThis == 0
        || passed <= batch.size()
            && !there.lastKey().equals(BatchLedger.text(batch.key(target, ofThis - 1)))) {
      throw new SQLException(
          "another attempt of this task has committed batches of other rows, up to %s; the task begins again behind them"
              .formatted(there.lastKey()),
          SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE.code());
    }
    ahead += passed - ofThis;
    position += passed;
    return batch.part(ofThis, batch.size());
  }

  /** How many rows behind those given another attempt has written meanwhile; asked for once. */
  public long ahead() {
    long rows = ahead;
    ahead = 0;
    return rows;
  }

  /** How many rows of a batch the throttle lets go at once, where so many are allowed. */
  public int rowsAtOnce(int most) {
    return transactions.gate().rowsAtOnce(most);
  }

  /** While the throttle holds a batch back, this is called again and again; it may throw. */
  public void whileWaiting(Runnable check) {
    transactions.gate().whileWaiting(check);
  }

  /**
   * How many rows of this partition an earlier attempt of the same task has written already: these
   * are not to be given again. 0 without a ledger.
   */
  public long rowsWrittenBefore() throws SQLException {
    if (ledger == null) {
      return 0;
    }
    BatchLedger.Progress before = transactions.retried(retry -> resumed());
    rejectedBefore = before.rejected();
    position = before.rows();
    refuseTooManyRejected();
    return before.rows();
  }

  private BatchLedger.Progress resumed() throws SQLException {
    Connection connection = transactions.open();
    SessionSettings.begin(connection);
    BatchLedger.Progress before = ledger.resume(connection);
    connection.rollback();
    return before;
  }

  private void refuseTooManyRejected() {
    RejectionRules rules = target.rejecting();
    TooManyRejectedException.check(
        rules.rowsBefore() + rejectedBefore + counts.rejectedForTheData(),
        rules.rowsAllowed(),
        counts.rejections());
  }

  /** Of all batches committed so far. */
  public WriteCounts counts() {
    return counts;
  }

  /** Empty where another attempt of the task has entered a batch behind the same key. */
  private Optional<WriteCounts> attempt(Batch batch, Retry retry) throws SQLException {
    Connection connection = transactions.open();
    String transaction = begin();
    BatchSender.Sent sent = sender.send(connection, batch);
    WriteCounts written = sent.counts().after(retry);
    String lastKey = ledger == null ? null : BatchLedger.text(batch.key(target, batch.size() - 1));
    BatchLedger.Kept kept = ledger == null ? BatchLedger.Kept.NOTHING : kept(sent.changed());
    if (ledger != null && !ledger.enter(connection, written, kept, lastKey)) {
      transactions.abandon();
      return Optional.empty();
    }
    transactions.commit(transaction, ledger, batch.size());
    sender.committed();
    if (ledger != null) {
      ledger.committed(lastKey);
      keptBytes += kept.bytes();
    }
    return Optional.of(written);
  }

  /** The rows, until the first batch for which there is no room. */
  private BatchLedger.Kept kept(ChangedRows changed) {
    BatchLedger.Kept kept =
        BatchLedger.Kept.of(
            target.table(), target.operation().event(), keepsNoMore ? null : changed);
    if (keptBytes + kept.bytes() > keeping.bytes()) {
      keepsNoMore = true;
      return BatchLedger.Kept.of(target.table(), target.operation().event(), null);
    }
    return kept;
  }

  private String begin() throws SQLException {
    String sql = BatchStatement.begin(target);
    return transactions.begin(
        ledger == null ? sql : sql + ledger.fence(target.statementTimeout()), ledger);
  }

  @Override
  public void close() {
    transactions.close();
  }
}
