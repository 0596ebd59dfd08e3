package backfill.postgres.write;

import backfill.postgres.ledger.ChangedRows;
import backfill.postgres.ledger.Keeping;
import backfill.postgres.ledger.WriteCounts;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.LongConsumer;

/**
 * Puts the rows of one batch into the table, within a transaction that is the caller's to begin and
 * to commit.
 */
final class BatchSender {
  private final WriteTarget target;
  private final Keeping keeping;
  private final PieceSize pieces;
  private final TwinKeys twins;

  /**
   * What became of one batch.
   *
   * @param changed which rows changed; null where that is not kept
   */
  record Sent(WriteCounts counts, ChangedRows changed) {}

  /**
   * @param taken told how many rows of a batch the server has taken so far, none of them committed
   */
  BatchSender(WriteTarget target, Keeping keeping, LongConsumer taken) {
    this.target = target;
    this.keeping = keeping;
    this.pieces = new PieceSize(taken);
    this.twins = target.conflict().twins() ? new TwinKeys() : null;
  }

  /**
   * Writes the rows that the server takes, every deferred constraint checked, and counts the
   * others.
   *
   * @throws SQLException for a failure that is not of the data; the transaction is lost
   */
  Sent send(Connection connection, Batch batch) throws SQLException {
    BatchTrial trial = new BatchTrial(target, connection, pieces, keeping);
    WriteCounts counts = trial.write(batch, twins);
    return new Sent(counts, trial.changed());
  }

  /** The batch that was sent last is in. */
  void committed() {
    if (twins != null) {
      twins.committed();
    }
  }
}
