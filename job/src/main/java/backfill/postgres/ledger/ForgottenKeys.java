package backfill.postgres.ledger;

import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * The keys of old runs, taken out of the ledger; what the runs did stays there in numbers. Such a
 * run can be neither explained row by row nor undone any more.
 *
 * @param runs how many runs
 * @param bytes what their keys took
 */
public record ForgottenKeys(long runs, long bytes) {

  /** One run that has keys. */
  private record Kept(UUID run, long bytes) {}

  /**
   * Forgets the keys of runs that began so long ago, a transaction for each. A run that goes on
   * keeps its own.
   *
   * @param plan a plan's name, or null for all
   * @throws backfill.postgres.server.NotReadyException if there is no ledger, or a right is missing
   */
  public static ForgottenKeys of(Database database, String schema, String plan, Duration age) {
    String in = TableName.quote(schema);
    try (Connection connection = database.connectOrSayWhy("backfill status --prune")) {
      connection.setAutoCommit(false);
      SessionSettings.begin(connection);
      List<Kept> old =
          Inquiry.rows(
              connection,
              """
              SELECT r.run_id, sum(octet_length(b.keys))::pg_catalog.int8 AS bytes
              FROM %1$s.run r JOIN %1$s.batch b ON b.run_id = r.run_id AND b.keys IS NOT NULL
              WHERE (?::pg_catalog.text IS NULL OR r.plan = ?)
                AND r.started_at < pg_catalog.clock_timestamp() - %2$d * interval '1 ms'
                AND NOT EXISTS (SELECT FROM %1$s.lease l WHERE l.run_id = r.run_id AND l.until > pg_catalog.clock_timestamp())
              GROUP BY r.run_id ORDER BY r.run_id"""
                  .formatted(in, age.toMillis()),
              row -> new Kept(row.getObject(1, UUID.class), row.getLong(2)),
              plan,
              plan);
      connection.commit();
      for (Kept each : old) {
        SessionSettings.begin(connection);
        forget(connection, in, each.run());
        connection.commit();
      }
      return new ForgottenKeys(old.size(), old.stream().mapToLong(Kept::bytes).sum());
    } catch (SQLException e) {
      throw LedgerStatus.unreadable(e, schema, database);
    }
  }

  private static void forget(Connection connection, String in, UUID run) throws SQLException {
    for (String sql :
        List.of(
            "UPDATE %s.batch SET keys = NULL WHERE run_id = ? AND keys IS NOT NULL",
            "UPDATE %s.run SET keys_pruned = pg_catalog.clock_timestamp() WHERE run_id = ?")) {
      try (PreparedStatement statement = connection.prepareStatement(sql.formatted(in))) {
        statement.setObject(1, run);
        statement.executeUpdate();
      }
    }
  }
}
