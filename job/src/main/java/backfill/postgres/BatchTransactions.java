package backfill.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;

/**
 * One writer's connection, opened when it is needed, and its transactions one after the other. Used
 * by one thread.
 */
final class BatchTransactions implements AutoCloseable {
  private final Database database;
  private final String applicationName;
  private final Duration retryFor;
  private Connection connection;

  /**
   * @param retryFor how long it is asked what became of a COMMIT without an answer
   */
  BatchTransactions(Database database, String applicationName, Duration retryFor) {
    this.database = database;
    this.applicationName = applicationName;
    this.retryFor = retryFor;
  }

  /** The connection, which never commits by itself. */
  Connection open() throws SQLException {
    if (connection == null) {
      connection = database.connect(applicationName);
      connection.setAutoCommit(false);
    }
    return connection;
  }

  /**
   * Begins a transaction.
   *
   * @param sql what {@link BatchStatement#begin} gives, or more behind it
   * @return its number
   */
  String begin(String sql) throws SQLException {
    try (Statement statement = open().createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  /**
   * Commits the transaction of this number; one that throws is not in.
   *
   * @param ledger where it has entered its batch, or null
   */
  void commit(String transaction, BatchLedger ledger) throws SQLException {
    try {
      connection.commit();
    } catch (SQLException e) {
      if (!Retry.connectionLost(e) || !committed(transaction, ledger, e)) {
        throw e;
      }
    }
  }

  /**
   * Whether a transaction whose COMMIT got no answer is in.
   *
   * @see <a href="https://www.postgresql.org/docs/current/functions-info.html">pg_xact_status</a>
   */
  private boolean committed(String transaction, BatchLedger ledger, SQLException unanswered)
      throws SQLException {
    Retry retry = new Retry(retryFor);
    abandon();
    while (true) {
      SQLException undecided = unanswered;
      try {
        Optional<Boolean> settled = settled(transaction, ledger);
        if (settled.isPresent()) {
          return settled.get();
        }
      } catch (SQLException e) {
        // 22023: after a crash the server may not know the number, because nothing of the
        // transaction reached the log.
        if ("22023".equals(e.getSQLState())) {
          return false;
        }
        undecided = e;
      }
      try {
        retry.pauseOrThrow(undecided);
      } catch (SQLException e) {
        throw new SQLException(
            "the server did not answer a COMMIT, and whether transaction "
                + transaction
                + " is in could not be asked either; a rerun finds out",
            Retry.OUTCOME_UNKNOWN,
            e);
      }
    }
  }

  /** Empty while it is in progress. */
  private Optional<Boolean> settled(String transaction, BatchLedger ledger) throws SQLException {
    try (Connection asking = database.connect(applicationName);
        PreparedStatement statement =
            asking.prepareStatement("SELECT pg_catalog.pg_xact_status(?::pg_catalog.xid8)")) {
      statement.setString(1, transaction);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        String status = row.getString(1);
        if ("in progress".equals(status)) {
          return Optional.empty();
        }
        return Optional.of(
            "committed".equals(status) && (ledger == null || ledger.entered(asking, transaction)));
      }
    }
  }

  /** Drops the connection; the server rolls back what was not committed. */
  void abandon() {
    Connection dropped = connection;
    connection = null;
    if (dropped != null) {
      try (dropped) {
        dropped.rollback();
      } catch (SQLException e) {
        // It is gone already, which is what was wanted.
      }
    }
  }

  @Override
  public void close() {
    abandon();
  }
}
