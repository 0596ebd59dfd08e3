package backfill.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Writes batches into one table over one connection, a transaction each. Used by one thread. A
 * batch that failed for a passing reason is tried again on the same rows, and an unanswered COMMIT
 * is settled before that.
 */
public final class BatchWriter implements AutoCloseable {
  private final WriteTarget target;
  private final String applicationName;
  private final BatchSender sender;
  private final BatchLedger ledger;
  private Connection connection;
  private WriteCounts counts = WriteCounts.NONE;
  private long rejectedBefore;

  public BatchWriter(WriteTarget target, String applicationName) {
    this(target, applicationName, null);
  }

  /**
   * @param slot where its batches are entered, or null without a ledger
   */
  public BatchWriter(WriteTarget target, String applicationName, LedgerSlot slot) {
    this.target = target;
    this.applicationName = applicationName;
    this.ledger = slot == null ? null : new BatchLedger(slot);
    this.sender = new BatchSender(target);
  }

  /** An empty batch of this target's columns. */
  public Batch newBatch() {
    return new Batch(BatchStatement.columns(target));
  }

  /**
   * Writes the batch and commits it, or throws and leaves none of it.
   *
   * @throws SQLException what the server said, with the failures before it suppressed
   * @throws TooManyRejected after the commit, if too many rows of this writer were rejected
   */
  public void write(Batch batch) throws SQLException {
    if (batch.size() == 0) {
      return;
    }
    long started = System.nanoTime();
    Retry retry = new Retry(target.retryFor());
    SQLException before = null;
    while (true) {
      try {
        counts = counts.plus(attempt(batch, retry, started));
        refuseTooManyRejected();
        return;
      } catch (SQLException e) {
        if (before != null && before != e) {
          e.addSuppressed(before);
        }
        before = e;
        abandon();
        retry.pauseOrThrow(e);
      }
    }
  }

  /**
   * How many rows of this partition an earlier attempt of the same task has written already: these
   * are not to be given again. 0 without a ledger.
   */
  public long rowsWrittenBefore() throws SQLException {
    if (ledger == null) {
      return 0;
    }
    Retry retry = new Retry(target.retryFor());
    while (true) {
      try {
        open();
        BatchLedger.Progress before = ledger.resume(connection);
        connection.rollback();
        rejectedBefore = before.rejected();
        refuseTooManyRejected();
        return before.rows();
      } catch (SQLException e) {
        abandon();
        retry.pauseOrThrow(e);
      }
    }
  }

  private void refuseTooManyRejected() {
    RejectionRules rules = target.rejection();
    TooManyRejected.check(
        rules.rowsBefore() + rejectedBefore + counts.rejectedForTheData(),
        rules.rowsAllowed(),
        counts.rejections());
  }

  /** Of all batches committed so far. */
  public WriteCounts counts() {
    return counts;
  }

  private WriteCounts attempt(Batch batch, Retry retry, long started) throws SQLException {
    open();
    String transaction = begin();
    WriteCounts written =
        sender.send(connection, batch).after(retry.attempts(), System.nanoTime() - started);
    String lastKey = ledger == null ? null : BatchLedger.text(batch.key(target, batch.size() - 1));
    if (ledger != null && !ledger.enter(connection, written, lastKey)) {
      // Another attempt of this task, started by speculation, was faster with the same rows.
      abandon();
      ledger.committed(lastKey);
      return WriteCounts.NONE;
    }
    try {
      connection.commit();
    } catch (SQLException e) {
      if (!Retry.connectionLost(e) || !committed(transaction, e)) {
        throw e;
      }
    }
    if (ledger != null) {
      ledger.committed(lastKey);
    }
    return written;
  }

  private void open() throws SQLException {
    if (connection == null) {
      connection = target.database().connect(applicationName);
      connection.setAutoCommit(false);
    }
  }

  private String begin() throws SQLException {
    String sql = BatchStatement.begin(target);
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(ledger == null ? sql : sql + ledger.fence(target))) {
      row.next();
      return row.getString(1);
    }
  }

  /**
   * Whether a transaction whose COMMIT got no answer is in.
   *
   * @see <a href="https://www.postgresql.org/docs/current/functions-info.html">pg_xact_status</a>
   */
  private boolean committed(String transaction, SQLException unanswered) throws SQLException {
    Retry retry = new Retry(target.retryFor());
    abandon();
    while (true) {
      SQLException undecided = unanswered;
      try {
        String status = statusOf(transaction);
        if (!"in progress".equals(status)) {
          return "committed".equals(status);
        }
      } catch (SQLException e) {
        // 22023: after a crash the server may not know the number, because nothing of the
        // transaction reached the log.
        if ("22023".equals(e.getSQLState())) {
          return false;
        }
        undecided = e;
      }
      try {
        retry.pauseOrThrow(undecided);
      } catch (SQLException e) {
        throw new SQLException(
            "the server did not answer a COMMIT, and whether transaction "
                + transaction
                + " is in could not be asked either; a rerun finds out",
            Retry.OUTCOME_UNKNOWN,
            e);
      }
    }
  }

  private String statusOf(String transaction) throws SQLException {
    try (Connection asking = target.database().connect(applicationName);
        PreparedStatement statement =
            asking.prepareStatement("SELECT pg_catalog.pg_xact_status(?::pg_catalog.xid8)")) {
      statement.setString(1, transaction);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }

  /** Drops the connection; the server rolls back what was not committed. */
  private void abandon() {
    Connection dropped = connection;
    connection = null;
    if (dropped != null) {
      try (dropped) {
        dropped.rollback();
      } catch (SQLException e) {
        // It is gone already, which is what was wanted.
      }
    }
  }

  @Override
  public void close() {
    abandon();
  }
}
