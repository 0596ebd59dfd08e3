package backfill.postgres.change;

import backfill.postgres.ledger.BatchLedger;
import backfill.postgres.ledger.LedgerSlot;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SessionSettings;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Sends statements that change the schema, and counts them. One that waits for a lock keeps
 * everybody behind it waiting, so it gives way after {@code lock-timeout}.
 */
final class DdlSender {
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
   * applies, but no one who reads or writes waits for it; and one that is broken off leaves an
   * invalid index. So it has no limit. Behind a pooler none can be lifted, nor the session's zone
   * be set: where that matters it is not sent.
   */
  void sendAlone(String sql) throws SQLException {
    if (ledger.isPresent()) {
      try (Connection connection = scope.database().connect(scope.applicationName() + " ddl")) {
        connection.setAutoCommit(false);
        begin(connection);
        connection.rollback();
      }
    }
    try (Connection connection = scope.database().connect(scope.applicationName() + " ddl")) {
      List<String> amiss = SessionSettings.amiss(connection, sql);
      if (!amiss.isEmpty()) {
        throw new ChangeFailedException(
            "a statement that cannot run in a transaction (%s) would be broken off or mean something else behind a pooler: %s; name the server itself in %s_URL for this step"
                .formatted(beginning(sql), String.join(", ", amiss), scope.database().prefix()));
      }
      sent++;
      execute(connection, sql);
    }
  }

  private static String beginning(String sql) {
    return sql.strip().lines().findFirst().orElse("");
  }

  private void begin(Connection connection) throws SQLException {
    SessionSettings.begin(connection);
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
