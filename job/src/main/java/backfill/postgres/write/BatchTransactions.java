package backfill.postgres.write;

import backfill.postgres.ledger.BatchLedger;
import backfill.postgres.ledger.Pacing;
import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.Retry;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.SqlState;
import backfill.postgres.throttle.PaceGate;
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
public final class BatchTransactions implements AutoCloseable {
  private final Database database;
  private final String applicationName;
  private final Duration retryFor;
  private final PaceGate gate;
  private Connection connection;
  private String incarnation;
  private Retry present;

  /**
   * @param retryFor how long one piece of work is tried again, and how long it is asked what became
   *     of a COMMIT without an answer
   */
  public BatchTransactions(Database database, String applicationName, Duration retryFor) {
    this.database = database;
    this.applicationName = applicationName;
    this.retryFor = retryFor;
    this.gate = new PaceGate(applicationName);
  }

  /** What the throttle says to this writer. */
  public PaceGate gate() {
    return gate;
  }

  /** A piece of work that begins anew with each attempt. */
  @FunctionalInterface
  public interface Work<T> {
    /**
     * One attempt.
     *
     * @param retry what went before it
     */
    T attempt(Retry retry) throws SQLException;
  }

  /**
   * Tries a piece of work until it is done, over another connection after each failure that passes.
   *
   * @throws SQLException the last failure, with those before it as suppressed
   */
  public <T> T retried(Work<T> work) throws SQLException {
    Retry retry = new Retry(retryFor);
    present = retry;
    SQLException before = null;
    while (true) {
      try {
        return work.attempt(retry);
      } catch (SQLException e) {
        if (before != null && before != e) {
          e.addSuppressed(before);
        }
        before = e;
        abandon();
        retry.pauseOrThrow(e);
      }
    }
  }

  /** The connection, which never commits by itself. */
  public Connection open() throws SQLException {
    if (connection == null) {
      connection = database.connect(applicationName);
      connection.setAutoCommit(false);
      incarnation = null;
    }
    return connection;
  }

  /**
   * Begins a transaction, once the throttle lets it. What the throttle says is read by the
   * transaction's own first statement; where that is to wait, the transaction ends again, so that
   * it waits with nothing open.
   *
   * @param sql what {@link BatchStatement#begin} gives, or more behind it
   * @param ledger where it will enter its batch, or null
   * @return its number
   */
  public String begin(String sql, BatchLedger ledger) throws SQLException {
    if (ledger == null && incarnation == null) {
      SessionSettings.begin(open());
      incarnation = incarnation(connection);
      connection.rollback();
    }
    while (true) {
      await(ledger);
      SessionSettings.begin(open());
      try (Statement statement = open().createStatement();
          ResultSet row = statement.executeQuery(sql)) {
        row.next();
        if (ledger != null) {
          gate.told(
              ledger.partition(), Pacing.parse(row.getString(row.getMetaData().getColumnCount())));
        }
        if (gate.passes()) {
          return row.getString(1);
        }
      }
      connection.rollback();
    }
  }

  private void await(BatchLedger ledger) throws SQLException {
    long waited = gate.await(ledger == null ? () -> {} : () -> look(ledger));
    if (waited > 0 && present != null) {
      present.throttled(waited);
    }
  }

  /** Reads what the throttle says now, and leaves nothing open. */
  private void look(BatchLedger ledger) throws SQLException {
    SessionSettings.begin(open());
    gate.told(
        ledger.partition(),
        Pacing.parse(Inquiry.rows(connection, ledger.pacing(), row -> row.getString(1)).get(0)));
    connection.rollback();
  }

  /**
   * Commits the transaction of this number; one that throws is not in.
   *
   * @param ledger where it has entered its batch, or null
   * @param rows how many it wrote, for the throttle
   */
  public void commit(String transaction, BatchLedger ledger, long rows) throws SQLException {
    gate.wrote(rows);
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
        // After a crash the server may not know the number, because nothing of the transaction
        // reached the log.
        if (SqlState.INVALID_PARAMETER_VALUE.is(e)) {
          return false;
        }
        undecided = e;
      }
      try {
        retry.pauseOrThrow(undecided);
      } catch (SQLException e) {
        throw unknown(transaction, e);
      }
    }
  }

  private static SQLException unknown(String transaction, SQLException cause) {
    String why =
        SqlState.TRANSACTION_RESOLUTION_UNKNOWN.is(cause)
            ? " is in is not known: " + cause.getMessage() + "; a rerun finds out"
            : " is in could not be asked either; a rerun finds out";
    return new SQLException(
        "the server did not answer a COMMIT, and whether transaction " + transaction + why,
        SqlState.TRANSACTION_RESOLUTION_UNKNOWN.code(),
        cause);
  }

  /** Empty while it is in progress. */
  private Optional<Boolean> settled(String transaction, BatchLedger ledger) throws SQLException {
    try (Connection asking = database.connect(applicationName);
        PreparedStatement statement =
            asking.prepareStatement("SELECT pg_catalog.pg_xact_status(?::pg_catalog.xid8)")) {
      asking.setAutoCommit(false);
      SessionSettings.begin(asking);
      statement.setString(1, transaction);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        String status = row.getString(1);
        if ("in progress".equals(status)) {
          return Optional.empty();
        }
        return Optional.of("committed".equals(status) && isOurs(asking, transaction, ledger));
      }
    }
  }

  /**
   * Whether a committed transaction of this number is the one that we began. A server that crashed
   * before anything of a transaction reached its log gives the number to another one.
   */
  private boolean isOurs(Connection asking, String transaction, BatchLedger ledger)
      throws SQLException {
    if (ledger != null) {
      return ledger.entered(asking, transaction);
    }
    if (incarnation.equals(incarnation(asking))) {
      return true;
    }
    throw new SQLException(
        "the server crashed, or is another one now, and may have given the number to another transaction; without a ledger"
            + " nothing else tells them apart",
        SqlState.TRANSACTION_RESOLUTION_UNKNOWN.code());
  }

  /**
   * What changes whenever a server recovers from a crash, and differs between a primary and what
   * was its replica: since when it counts what it archives. A person who resets that count makes a
   * transaction's end unknown, and never wrong.
   *
   * @see <a href="https://www.postgresql.org/docs/current/monitoring-stats.html">The cumulative
   *     statistics system: statistics are reset when recovery starts</a>
   */
  private static String incarnation(Connection asking) throws SQLException {
    return Inquiry.rows(
            asking,
            "SELECT coalesce(stats_reset::text, 'never') FROM pg_catalog.pg_stat_archiver",
            row -> row.getString(1))
        .get(0);
  }

  /** Drops the connection; the server rolls back what was not committed. */
  void abandon() {
    Connection dropped = connection;
    connection = null;
    if (dropped != null) {
      try {
        dropped.close();
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
