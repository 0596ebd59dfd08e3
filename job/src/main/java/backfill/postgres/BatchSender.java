package backfill.postgres;

import java.sql.Connection;
import java.sql.SQLException;

/**
 * Puts the rows of one batch into the table, within a transaction that is somebody else's to begin
 * and to commit.
 */
final class BatchSender {
  private final WriteTarget target;

  BatchSender(WriteTarget target) {
    this.target = target;
  }

  /**
   * Writes the rows that the server takes, every deferred constraint checked, and counts the
   * others.
   *
   * @throws SQLException for a failure that is not of the data; the transaction is lost
   */
  WriteCounts send(Connection connection, Batch batch) throws SQLException {
    return new BatchTrial(target, connection).write(batch);
  }
}
