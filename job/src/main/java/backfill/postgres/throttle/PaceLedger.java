package backfill.postgres.throttle;

import backfill.postgres.ledger.Asked;
import backfill.postgres.ledger.LedgerSlot;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.TableName;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a run's driver reads and enters in the ledger for its writers, over the connection of its
 * throttle. Used by one thread.
 */
final class PaceLedger implements PaceChannel {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** The pace is measured over so long at most. */
  private static final double SECONDS = 5;

  private final LedgerSlot slot;

  /**
   * @param slot of the run; its step counts for nothing
   */
  PaceLedger(LedgerSlot slot) {
    this.slot = slot;
  }

  @Override
  public Asked asked(Connection connection) throws SQLException {
    return one(connection, Asked.sql(slot.schema(), slot.runId()))
        .map(Asked::parse)
        .orElse(Asked.NOTHING);
  }

  private static Optional<String> one(Connection connection, String sql) throws SQLException {
    SessionSettings.begin(connection);
    List<String> rows = Inquiry.rows(connection, sql, row -> String.valueOf(row.getString(1)));
    connection.rollback();
    return rows.stream().filter(text -> !text.equals("null")).findFirst();
  }

  @Override
  public OptionalLong rowsPerSecond(Connection connection, double forSeconds) throws SQLException {
    double span = Math.max(0.5, Math.min(SECONDS, forSeconds));
    long rows =
        rows(
            connection,
            " AND committed_at > pg_catalog.clock_timestamp() - " + span + " * interval '1 s'");
    return OptionalLong.of((long) (rows / span));
  }

  @Override
  public long rows(Connection connection) throws SQLException {
    return rows(connection, "");
  }

  /**
   * @param which of the run's batches, as what follows a condition
   */
  private long rows(Connection connection, String which) throws SQLException {
    return Long.parseLong(
        one(
                connection,
                "SELECT coalesce(pg_catalog.sum(rows), 0)::pg_catalog.int8 FROM "
                    + TableName.quote(slot.schema())
                    + ".batch WHERE run_id = '"
                    + slot.runId()
                    + "'"
                    + which)
            .orElse("0"));
  }

  @Override
  public void publish(Connection connection, PaceNow now) throws SQLException {
    connection.setReadOnly(false);
    try (PreparedStatement statement =
        connection.prepareStatement(
            "UPDATE "
                + TableName.quote(slot.schema())
                + ".run SET pace = ?::pg_catalog.jsonb WHERE run_id = ?")) {
      SessionSettings.begin(connection);
      statement.setString(1, now == null ? null : JSON.writeValueAsString(now));
      statement.setObject(2, slot.runId());
      statement.executeUpdate();
      connection.commit();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("texts and numbers have a text", e);
    } finally {
      if (!connection.isClosed()) {
        connection.rollback();
        connection.setReadOnly(true);
      }
    }
  }
}
