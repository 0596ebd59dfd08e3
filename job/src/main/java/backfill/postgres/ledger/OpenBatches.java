package backfill.postgres.ledger;

import backfill.postgres.server.SqlState;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

/** The batches that are open under a lease, told by the advisory lock that each of them holds. */
final class OpenBatches {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** Sessions that hold the advisory lock whose number follows. */
  private static final String HOLDERS =
      " FROM pg_catalog.pg_locks l WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND database ="
          + " (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())"
          + " AND pid <> pg_catalog.pg_backend_pid() AND ((classid::int8 << 32) | objid::int8) = ";

  private OpenBatches() {}

  /**
   * Waits for their end. One that does not end (its driver is frozen in the middle of it) is ended:
   * it could commit nothing any more, and would keep everybody waiting.
   *
   * @param connection in the transaction that raises the lease's epoch
   * @throws LeaseHeldException if one that does not end is not ours to end
   */
  static void end(Connection connection, String schema, String name) throws SQLException {
    long key = Lease.lockKey(schema, name);
    try (Statement statement = connection.createStatement()) {
      statement.execute("SAVEPOINT fence");
      if (lock(statement, key)) {
        return;
      }
      String open = names(statement, key);
      try {
        statement.execute("SELECT pg_catalog.pg_terminate_backend(pid)" + HOLDERS + key);
        if (lock(statement, key)) {
          return;
        }
      } catch (SQLException e) {
        if (!SqlState.INSUFFICIENT_PRIVILEGE.is(e)) {
          throw e;
        }
      }
      throw new LeaseHeldException(
          name
              + " was held by a run whose lease is over, and a batch of it that does not end is not ours to end: "
              + open
              + "; end it as that role, or run again later: the server ends it when its client sleeps on");
    }
  }

  private static boolean lock(Statement statement, long key) throws SQLException {
    try {
      statement.execute("SET LOCAL lock_timeout = " + PATIENCE.toMillis());
      statement.execute("SELECT pg_catalog.pg_advisory_xact_lock(" + key + ")");
      return true;
    } catch (SQLException e) {
      if (!SqlState.LOCK_NOT_AVAILABLE.is(e)) {
        throw e;
      }
      statement.execute("ROLLBACK TO SAVEPOINT fence");
      return false;
    }
  }

  /** The sessions that have one, as people find them. */
  private static String names(Statement statement, long key) throws SQLException {
    try (ResultSet row =
        statement.executeQuery(
            "SELECT pg_catalog.string_agg('pid ' || pid || ' of role ' || coalesce((SELECT usename FROM"
                + " pg_catalog.pg_stat_activity a WHERE a.pid = l.pid), '?'), ', ')"
                + HOLDERS
                + key)) {
      row.next();
      return row.getString(1);
    }
  }
}
