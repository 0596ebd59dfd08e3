package backfill.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.stream.Collectors;

/**
 * One exported snapshot, and the transaction that holds it: every reader that imports it sees the
 * same state of the database. It also holds ACCESS SHARE on every table that will be read, because
 * a snapshot does not protect against TRUNCATE or a rewrite: <q>TRUNCATE is not MVCC-safe. After
 * truncation, the table will appear empty to concurrent transactions, if they are using a snapshot
 * taken before the truncation occurred.</q>
 *
 * @see <a href="https://www.postgresql.org/docs/current/functions-admin.html">Snapshot
 *     synchronization functions</a>
 */
public final class Snapshot implements AutoCloseable {
  private final Connection exporter;
  private final String id;
  private final String lsn;
  private final Instant at;
  private final int pid;

  private Snapshot(Connection exporter, String id, String lsn, Instant at, int pid) {
    this.exporter = exporter;
    this.id = id;
    this.lsn = lsn;
    this.at = at;
    this.pid = pid;
  }

  /**
   * Takes the locks, then the snapshot: in this order nothing can be truncated in between.
   *
   * @param lockTimeout how long one attempt waits for the locks, so that nobody queues behind it
   *     for longer
   * @param retryFor how long it is tried
   * @throws SQLException 55P03 if somebody else held a table for longer than that
   */
  public static Snapshot export(
      Database database,
      String applicationName,
      Collection<TableName> tables,
      Duration lockTimeout,
      Duration retryFor)
      throws SQLException {
    Retry retry = new Retry(retryFor);
    while (true) {
      try {
        return attempt(database, applicationName, tables, lockTimeout);
      } catch (SQLException e) {
        retry.pauseOrThrow(e);
      }
    }
  }

  private static Snapshot attempt(
      Database database, String applicationName, Collection<TableName> tables, Duration lockTimeout)
      throws SQLException {
    Connection connection = database.connectForReading(applicationName);
    try {
      connection.setAutoCommit(false);
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      connection.setReadOnly(true);
      try (Statement statement = connection.createStatement()) {
        // The server would end a transaction that is idle for this long, and with it every reader
        // that is still to
        // come.
        statement.execute("SET LOCAL idle_in_transaction_session_timeout = 0");
        statement.execute("SET LOCAL lock_timeout = " + lockTimeout.toMillis());
        if (!tables.isEmpty()) {
          statement.execute(
              "LOCK TABLE "
                  + tables.stream().map(TableName::quoted).collect(Collectors.joining(", "))
                  + " IN ACCESS SHARE MODE");
        }
        try (ResultSet row =
            statement.executeQuery(
                "SELECT pg_export_snapshot(), (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()"
                    + " ELSE pg_current_wal_lsn() END)::text, clock_timestamp(), pg_backend_pid()")) {
          row.next();
          return new Snapshot(
              connection,
              row.getString(1),
              row.getString(2),
              row.getTimestamp(3).toInstant(),
              row.getInt(4));
        }
      }
    } catch (SQLException | RuntimeException e) {
      try (connection) {
        throw e;
      }
    }
  }

  /**
   * What a reader sends first in its transaction. The isolation level must come before the import,
   * and the import before any query; {@code row_security = off} makes a policy that hides rows an
   * error.
   */
  public String importStatements() {
    return "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '"
        + id
        + "'; SET LOCAL row_security = off; SET LOCAL idle_in_transaction_session_timeout = 0";
  }

  public String id() {
    return id;
  }

  /** The write-ahead log's position when the snapshot was taken, as {@code pg_lsn} prints it. */
  public String lsn() {
    return lsn;
  }

  /** The server's time when the snapshot was taken. */
  public Instant at() {
    return at;
  }

  /** The server process that holds it. */
  public int pid() {
    return pid;
  }

  /**
   * Lets the snapshot go: nothing can be read in it any more, and vacuum is not held back by it.
   */
  @Override
  public void close() {
    try (exporter) {
      exporter.rollback();
    } catch (SQLException e) {
      // The connection is gone, and the snapshot with it: that is what was asked for.
    }
  }
}
