package backfill.postgres.undo;

import backfill.plan.Settings;
import backfill.postgres.ledger.ChangedRows;
import backfill.postgres.ledger.KeptBatch;
import backfill.postgres.ledger.LedgerSlot;
import backfill.postgres.server.Database;
import backfill.postgres.server.RowEvent;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.TableName;
import backfill.postgres.write.BatchTransactions;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;

/**
 * Takes back some of the rows that a run which still lasts has added, by the keys that its batches
 * left in the ledger. The same rows are left as by an undo.
 */
public final class RevokedRows {
  private final Database database;
  private final String applicationName;
  private final Settings settings;

  public RevokedRows(Database database, String applicationName, Settings settings) {
    this.database = database;
    this.applicationName = applicationName;
    this.settings = settings;
  }

  /**
   * Takes them back, batch by batch.
   *
   * @param entry the ledger's name of the write that added them
   * @param keys of the rows, as the server writes them; what the run did not add is left out
   * @param slot where it is entered
   * @param between called before each batch; what it throws ends the work there
   */
  public UndoCounts remove(
      UUID runId,
      String entry,
      TableName target,
      Set<List<String>> keys,
      LedgerSlot slot,
      Runnable between)
      throws SQLException {
    Optional<UndoTable> table = UndoTable.of(database, applicationName, target.quoted());
    if (table.isEmpty()) {
      return UndoCounts.NONE;
    }
    UndoTransaction transaction =
        new UndoTransaction(settings, table.get(), RowEvent.INSERT, LaterKeys.none(), slot);
    UndoCounts counts = UndoCounts.NONE;
    try (Connection reading = database.connect(applicationName);
        BatchTransactions transactions =
            new BatchTransactions(
                database, applicationName + " revoked", settings.write().retryFor())) {
      transactions.gate().whileWaiting(between);
      reading.setAutoCommit(false);
      SessionSettings.begin(reading);
      List<KeptBatch> batches = KeptBatch.of(reading, settings.ledger().schema(), runId, entry);
      reading.rollback();
      for (KeptBatch batch : batches) {
        between.run();
        SessionSettings.begin(reading);
        ChangedRows rows = batch.rows(reading, settings.ledger().schema(), runId);
        reading.rollback();
        int[] revoked =
            IntStream.range(0, rows.size()).filter(row -> keys.contains(rows.key(row))).toArray();
        if (revoked.length > 0) {
          ChangedRows those = rows.at(revoked);
          counts = counts.plus(transaction.of(transactions, batch, connection -> those));
        }
      }
    }
    return counts;
  }
}
