package backfill.postgres.undo;

import backfill.plan.Settings;
import backfill.postgres.ledger.BatchLedger;
import backfill.postgres.ledger.ChangedRows;
import backfill.postgres.ledger.KeptBatch;
import backfill.postgres.ledger.LedgerSlot;
import backfill.postgres.ledger.WriteCounts;
import backfill.postgres.server.Retry;
import backfill.postgres.server.RowEvent;
import backfill.postgres.write.BatchStatement;
import backfill.postgres.write.BatchTransactions;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Takes back rows of one batch in a transaction, and enters that in the ledger in the same one.
 *
 * @param event what the run did to the rows
 * @param slot where it is entered
 */
record UndoTransaction(
    Settings settings, UndoTable table, RowEvent event, LaterKeys later, LedgerSlot slot) {

  /** Gives the rows to take back. */
  @FunctionalInterface
  interface Rows {
    ChangedRows in(Connection connection) throws SQLException;
  }

  /** Tried again after what passes. */
  UndoCounts of(BatchTransactions transactions, KeptBatch batch, Rows rows) throws SQLException {
    return transactions.retried(retry -> attempt(transactions, batch, rows, retry));
  }

  private UndoCounts attempt(
      BatchTransactions transactions, KeptBatch batch, Rows asked, Retry retry)
      throws SQLException {
    Connection connection = transactions.open();
    BatchLedger ledger = new BatchLedger(slot.forPartition(batch.partition()), batch.afterKey());
    String transaction =
        transactions.begin(
            BatchStatement.begin(settings.lockTimeout(), settings.write().statementTimeout())
                + ledger.fence(settings.write().statementTimeout()),
            ledger);
    ChangedRows rows = asked.in(connection);
    if (table.unfit(rows).isPresent()) {
      connection.rollback();
      return unfit(table, rows);
    }
    UndoBatch work = new UndoBatch(table, event, later, connection);
    UndoCounts counts = work.write(rows);
    if (counts.takenBack() == 0) {
      connection.rollback();
      return counts;
    }
    WriteCounts written =
        new WriteCounts(
                counts.rows(),
                counts.takenBack(),
                new WriteCounts.Leaving(counts.already() + counts.left(), List.of()),
                WriteCounts.NONE.refusing(),
                Map.of(),
                new WriteCounts.Effort(work.statements(), 0, 0),
                true)
            .after(retry);
    BatchLedger.Kept kept = BatchLedger.Kept.of(table.name(), opposite(event), work.changed(rows));
    if (!ledger.enter(connection, written, kept, batch.lastKey())) {
      throw new IllegalStateException(
          "the ledger has this batch of the same run already: " + batch);
    }
    transactions.commit(transaction, ledger, counts.rows());
    return counts;
  }

  private static RowEvent opposite(RowEvent event) {
    return switch (event) {
      case INSERT -> RowEvent.DELETE;
      case UPDATE -> RowEvent.UPDATE;
      case DELETE -> RowEvent.INSERT;
    };
  }

  /** Of rows that do not fit the table any more. */
  static UndoCounts unfit(UndoTable table, ChangedRows rows) {
    String reason = table.unfit(rows).orElseThrow();
    List<LeftRow> left = new ArrayList<>();
    for (int row = 0; row < rows.size(); row++) {
      left.add(new LeftRow(rows.key(row), reason));
    }
    return UndoCounts.of(0, 0, left);
  }
}
