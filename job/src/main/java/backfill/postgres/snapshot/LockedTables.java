package backfill.postgres.snapshot;

import backfill.postgres.catalog.Table;
import backfill.postgres.server.Database;
import backfill.postgres.server.Retry;
import backfill.postgres.server.SessionSettings;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * ACCESS SHARE on the tables of one database, held by the transaction that will export a snapshot
 * there, and by one beside it. Where several databases are read, the tables of all are locked
 * before the first snapshot is taken: what one waits for does not set their snapshots apart.
 */
final class LockedTables implements AutoCloseable {
  private final List<Connection> held;
  private final SnapshotStatements statements;
  private final Duration lockTimeout;
  private boolean exported;

  private LockedTables(List<Connection> held, SnapshotStatements statements, Duration lockTimeout) {
    this.held = held;
    this.statements = statements;
    this.lockTimeout = lockTimeout;
  }

  /**
   * Takes the locks.
   *
   * @param lockTimeout how long one attempt waits for a lock, so that no session queues behind it
   *     for longer
   * @param retryFor how long it is tried
   * @throws SQLException 55P03 if another session held a table for longer than that
   */
  static LockedTables of(
      Database database,
      String applicationName,
      Collection<Table> tables,
      Duration lockTimeout,
      Duration retryFor)
      throws SQLException {
    SnapshotStatements statements = new SnapshotStatements(tables, lockTimeout);
    Retry retry = new Retry(retryFor);
    while (true) {
      try {
        return new LockedTables(
            attempt(database, applicationName, statements), statements, lockTimeout);
      } catch (SQLException e) {
        retry.pauseOrThrow(e);
      }
    }
  }

  private static List<Connection> attempt(
      Database database, String applicationName, SnapshotStatements statements)
      throws SQLException {
    List<Connection> held = new ArrayList<>();
    try {
      if (!statements.holding().isEmpty()) {
        execute(open(held, database, applicationName), statements.holding());
      }
      execute(open(held, database, applicationName), statements.exporting());
      return held;
    } catch (SQLException | RuntimeException e) {
      Snapshot.release(held);
      throw e;
    }
  }

  private static Connection open(List<Connection> held, Database database, String applicationName)
      throws SQLException {
    Connection connection = database.connectForReading(applicationName);
    held.add(connection);
    connection.setAutoCommit(false);
    SessionSettings.beginWithoutSnapshot(connection);
    return connection;
  }

  private static void execute(Connection connection, List<String> statements) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  /** Takes the snapshot, once; from then on it holds the tables. */
  Snapshot export() throws SQLException {
    Connection exporter = held.get(held.size() - 1);
    try (Statement statement = exporter.createStatement()) {
      long asked = System.nanoTime();
      try (ResultSet row = statement.executeQuery(statements.export())) {
        row.next();
        Snapshot snapshot =
            new Snapshot(
                held, statements.sized(), row, (asked + System.nanoTime()) / 2, lockTimeout);
        exported = true;
        return snapshot;
      }
    }
  }

  /** Lets the tables go, unless a snapshot holds them. */
  @Override
  public void close() {
    if (!exported) {
      Snapshot.release(held);
    }
  }
}
