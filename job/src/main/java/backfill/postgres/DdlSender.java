package backfill.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;

/**
 * Sends statements that change the schema, and counts them. One that waits for a lock keeps
 * everybody behind it waiting, so it gives way after {@code lock-timeout}.
 */
final class DdlSender {
  /**
   * Start-up options of a connection of its own: with {@code SET} the next client of a pooled
   * session would have them too.
   */
  private static final String PATIENT =
      "-c lock_timeout=0 -c statement_timeout=0 -c idle_session_timeout=0";

  private final ChangeScope scope;
  private final Optional<BatchLedger> ledger;
  private int sent;

  DdlSender(ChangeScope scope, Optional<LedgerSlot> slot) {
    this.scope = scope;
    this.ledger = slot.map(BatchLedger::new);
  }

  int sent() {
    return sent;
  }

  /** In one transaction. */
  void send(String sql) throws SQLException {
    try (Connection connection = scope.database().connect(scope.applicationName() + " ddl")) {
      connection.setAutoCommit(false);
      begin(connection);
      sent++;
      execute(connection, sql);
      connection.commit();
    }
  }

  /**
   * By itself, as CONCURRENTLY wants it. It waits for old transactions, to which a lock timeout
   * applies, but nobody who reads or writes waits for it; and one that is broken off leaves an
   * invalid index. So it has no limit, unless whoever is between us and the server refuses the
   * options that say so.
   */
  void sendAlone(String sql) throws SQLException {
    if (ledger.isPresent()) {
      try (Connection connection = scope.database().connect(scope.applicationName() + " ddl")) {
        connection.setAutoCommit(false);
        begin(connection);
        connection.rollback();
      }
    }
    try (Connection connection = patient()) {
      sent++;
      execute(connection, sql);
    }
  }

  private Connection patient() throws SQLException {
    String name = scope.applicationName() + " ddl";
    try {
      return scope.database().connect(name, PATIENT);
    } catch (SQLException e) {
      if (Retry.passing(e) && !"08P01".equals(e.getSQLState())) {
        throw e;
      }
      return scope.database().connect(name);
    }
  }

  private void begin(Connection connection) throws SQLException {
    Inquiry.rows(connection, scope.begin(Duration.ZERO, ledger), row -> row.getString(1));
    if (ledger.isPresent()) {
      ledger.get().check(connection);
    }
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      statement.execute(sql);
    }
  }
}
