package backfill.postgres.server;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A connection that only asks: each question is a READ ONLY transaction of its own, which gives up
 * on a slow answer, and on a lock so that no session queues behind it, only to ask again. Nothing
 * stays open between two questions, so that it works behind transaction pooling. Where no pooler
 * stands between, {@link #settle} gives the session itself the limits and READ ONLY, and a question
 * of one statement is one round trip.
 */
public final class Inquiry implements AutoCloseable {
  private static final Duration ANSWER_WITHIN = Duration.ofMinutes(1);

  private final Connection connection;
  private final Duration lockTimeout;
  private final Duration retryFor;
  private boolean settled;

  /**
   * @param lockTimeout how long one attempt waits for a lock
   * @param retryFor how long a question is asked again that a lock or a replay broke off; zero for
   *     never
   */
  public Inquiry(Connection connection, Duration lockTimeout, Duration retryFor)
      throws SQLException {
    this.connection = connection;
    this.lockTimeout = lockTimeout;
    this.retryFor = retryFor;
    connection.setAutoCommit(false);
    connection.setReadOnly(true);
  }

  /** One row of an answer. */
  @FunctionalInterface
  public interface RowMapper<T> {
    T of(ResultSet row) throws SQLException;
  }

  /** What is asked within one transaction. */
  @FunctionalInterface
  public interface Question<T> {
    T of(Connection connection) throws SQLException;
  }

  /**
   * From now on the session has what each transaction set for itself, unless it is not ours alone.
   */
  public void settle() throws SQLException {
    if (SessionSettings.isPooled(connection)) {
      return;
    }
    connection.setAutoCommit(true);
    try (Statement settings = connection.createStatement()) {
      settings.execute(
          "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET statement_timeout = %d; SET lock_timeout = %d"
              .formatted(answerWithin().toMillis(), lockTimeout.toMillis()));
    }
    settled = true;
  }

  /** All rows; a value is a String, a Long or a String[]. */
  public <T> List<T> rows(String sql, RowMapper<T> row, Object... values) throws SQLException {
    return settled
        ? retried(
            () -> {
              connection.setAutoCommit(true);
              return rows(connection, sql, row, values);
            })
        : ask(asked -> rows(asked, sql, row, values));
  }

  /** The only row. */
  public <T> T one(String sql, RowMapper<T> row, Object... values) throws SQLException {
    return rows(sql, row, values).get(0);
  }

  public <T> T ask(Question<T> question) throws SQLException {
    return retried(() -> attempt(answerWithin(), question));
  }

  /** A wait for a lock has its own limit, and would count for this one, too. */
  private Duration answerWithin() {
    return ANSWER_WITHIN.plus(lockTimeout);
  }

  /** For an answer that takes as long as the tables are large. */
  public <T> T askWithoutHurry(Question<T> question) throws SQLException {
    return retried(() -> attempt(Duration.ZERO, question));
  }

  /** One attempt to have an answer. */
  @FunctionalInterface
  private interface Attempt<T> {
    T answer() throws SQLException;
  }

  private <T> T retried(Attempt<T> attempt) throws SQLException {
    Retry retry = new Retry(retryFor);
    while (true) {
      try {
        return attempt.answer();
      } catch (SQLException e) {
        if (SqlState.SERIALIZATION_FAILURE.is(e)) {
          // A standby ends a question for the sake of what it replays, and the connection lasts.
          retry.pauseOrThrow(e);
        } else if (SqlState.LOCK_NOT_AVAILABLE.is(e)) {
          pauseOrSayWhy(retry, e);
        } else {
          throw e;
        }
      }
    }
  }

  private void pauseOrSayWhy(Retry retry, SQLException e) throws SQLException {
    try {
      retry.pauseOrThrow(e);
    } catch (SQLException last) {
      connection.setAutoCommit(false);
      throw LockHolders.explained(connection, lockTimeout, last);
    }
  }

  private <T> T attempt(Duration limit, Question<T> question) throws SQLException {
    connection.setAutoCommit(false);
    try {
      SessionSettings.begin(connection);
      if (!settled || !limit.equals(answerWithin())) {
        try (Statement limits = connection.createStatement()) {
          limits.execute(
              "SET LOCAL statement_timeout = %d; SET LOCAL lock_timeout = %d"
                  .formatted(limit.toMillis(), lockTimeout.toMillis()));
        }
      }
      return question.of(connection);
    } finally {
      // Nothing was written; after a failure this is the only way on.
      connection.rollback();
    }
  }

  /** For a connection whose transaction is the caller's. */
  public static <T> List<T> rows(
      Connection connection, String sql, RowMapper<T> row, Object... values) throws SQLException {
    if (values.length == 0) {
      return plainRows(connection, sql, row);
    }
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        if (values[i] instanceof String[] texts) {
          statement.setArray(i + 1, connection.createArrayOf("text", texts));
        } else {
          statement.setObject(i + 1, values[i]);
        }
      }
      return all(statement.executeQuery(), row);
    }
  }

  /** A plan's own SQL may hold question marks and braces, which JDBC would take for its own. */
  private static <T> List<T> plainRows(Connection connection, String sql, RowMapper<T> row)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      return all(statement.executeQuery(sql), row);
    }
  }

  private static <T> List<T> all(ResultSet rows, RowMapper<T> row) throws SQLException {
    try (rows) {
      List<T> answer = new ArrayList<>();
      while (rows.next()) {
        answer.add(row.of(rows));
      }
      return answer;
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
