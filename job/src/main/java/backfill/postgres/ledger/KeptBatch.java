package backfill.postgres.ledger;

import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Where a batch stands in the ledger whose rows are kept.
 *
 * @param step the ledger's name of the write
 */
public record KeptBatch(String step, int partition, String afterKey, String lastKey) {

  /** Those of one write, the last one of each partition first. */
  public static List<KeptBatch> of(Connection connection, String schema, UUID runId, String step)
      throws SQLException {
    return Inquiry.rows(
        connection,
        """
        SELECT step, partition, after_key, last_key FROM %s.batch
        WHERE run_id = '%s' AND step = ? AND keys IS NOT NULL AND changed > 0
        ORDER BY partition DESC, xid::pg_catalog.text::pg_catalog.int8 DESC"""
            .formatted(TableName.quote(schema), runId),
        row -> new KeptBatch(row.getString(1), row.getInt(2), row.getString(3), row.getString(4)),
        step);
  }

  /** The rows of one batch of a write; empty where none are kept. */
  public static Optional<ChangedRows> any(
      Connection connection, String schema, UUID runId, String step) throws SQLException {
    return Inquiry.rows(
            connection,
            "SELECT keys FROM %s.batch WHERE run_id = '%s' AND step = ? AND keys IS NOT NULL AND changed > 0 LIMIT 1"
                .formatted(TableName.quote(schema), runId),
            row -> PackedRows.unpack(row.getBytes(1)),
            step)
        .stream()
        .findFirst();
  }

  /** Its rows. */
  public ChangedRows rows(Connection connection, String schema, UUID runId) throws SQLException {
    return Inquiry.rows(
            connection,
            "SELECT keys FROM %s.batch WHERE run_id = '%s' AND step = ? AND partition = %d AND after_key = ?"
                .formatted(TableName.quote(schema), runId, partition),
            row -> PackedRows.unpack(row.getBytes(1)),
            step,
            afterKey)
        .get(0);
  }

  /** Takes the rows of one batch. */
  @FunctionalInterface
  public interface Taking {
    void rows(String runId, ChangedRows rows);
  }

  /**
   * Reads batches one by one.
   *
   * @param sql answers with the number of a run and the bytes of a batch
   * @param target its only parameter
   */
  public static void each(Connection connection, String sql, String target, Taking taking)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setString(1, target);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          taking.rows(row.getString(1), PackedRows.unpack(row.getBytes(2)));
        }
      }
    }
  }
}
