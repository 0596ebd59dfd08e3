package backfill.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Writes batches into one table over one connection, a transaction each. Used by one thread. A
 * batch that failed for a passing reason is tried again on the same rows, and an unanswered COMMIT
 * is settled before that.
 */
public final class BatchWriter implements AutoCloseable {
  private final WriteTarget target;
  private final String applicationName;
  private final String sql;
  private Connection connection;
  private WriteCounts counts = WriteCounts.NONE;

  public BatchWriter(WriteTarget target, String applicationName) {
    this.target = target;
    this.applicationName = applicationName;
    this.sql = BatchStatement.sql(target);
  }

  /** An empty batch of this target's columns. */
  public Batch newBatch() {
    return new Batch(BatchStatement.columns(target));
  }

  /**
   * Writes the batch and commits it, or throws and leaves none of it.
   *
   * @throws SQLException what the server said, with the failures before it suppressed
   */
  public void write(Batch batch) throws SQLException {
    if (batch.size() == 0) {
      return;
    }
    long started = System.nanoTime();
    Retry retry = new Retry(target.retryFor());
    SQLException before = null;
    while (true) {
      try {
        WriteCounts written = attempt(batch);
        long waited = System.nanoTime() - started;
        counts =
            counts.plus(
                new WriteCounts(
                    written.rows(),
                    written.changed(),
                    written.left(),
                    written.leftKeys(),
                    1 + retry.attempts(),
                    retry.attempts(),
                    waited,
                    true));
        return;
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

  /** Of all batches committed so far. */
  public WriteCounts counts() {
    return counts;
  }

  private WriteCounts attempt(Batch batch) throws SQLException {
    if (connection == null) {
      connection = target.database().connect(applicationName);
      connection.setAutoCommit(false);
    }
    String transaction = begin();
    WriteCounts written = send(batch);
    try (Statement statement = connection.createStatement()) {
      statement.execute(BatchStatement.CHECK_NOW);
    }
    try {
      connection.commit();
    } catch (SQLException e) {
      if (!Retry.connectionLost(e) || !committed(transaction, e)) {
        throw e;
      }
    }
    return written;
  }

  private String begin() throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(BatchStatement.begin(target))) {
      row.next();
      return row.getString(1);
    }
  }

  private WriteCounts send(Batch batch) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      List<TargetColumn> columns = batch.columns();
      for (int i = 0; i < columns.size(); i++) {
        statement.setArray(
            i + 1, connection.createArrayOf(columns.get(i).elementType(), batch.array(i)));
      }
      return switch (target.operation()) {
        case INSERT_MISSING -> {
          long inserted = statement.executeLargeUpdate();
          yield counted(batch.size(), inserted, List.of());
        }
        case COMPARE_AND_SET -> {
          Set<List<String>> set = new HashSet<>();
          try (ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
              set.add(key(rows));
            }
          }
          yield counted(batch.size(), set.size(), keysOutside(set, batch));
        }
      };
    }
  }

  private static WriteCounts counted(int rows, long changed, List<List<String>> leftKeys) {
    return new WriteCounts(rows, changed, rows - changed, leftKeys, 0, 0, 0, true);
  }

  private List<String> key(ResultSet rows) throws SQLException {
    List<String> key = new ArrayList<>();
    for (int i = 1; i <= target.key().size(); i++) {
      key.add(rows.getString(i));
    }
    return key;
  }

  private List<List<String>> keysOutside(Set<List<String>> set, Batch batch) {
    if (set.size() == batch.size()) {
      return List.of();
    }
    List<Object[]> keyColumns = new ArrayList<>();
    for (String name : target.key()) {
      for (int i = 0; i < target.columns().size(); i++) {
        if (target.columns().get(i).name().equals(name)) {
          keyColumns.add(batch.array(i));
        }
      }
    }
    List<List<String>> outside = new ArrayList<>();
    for (int row = 0; row < batch.size(); row++) {
      List<String> key = new ArrayList<>();
      for (Object[] column : keyColumns) {
        key.add(String.valueOf(column[row]));
      }
      if (!set.contains(key)) {
        outside.add(key);
      }
    }
    return outside;
  }

  /**
   * Whether a transaction whose COMMIT got no answer is in.
   *
   * @see <a href="https://www.postgresql.org/docs/current/functions-info.html">pg_xact_status</a>
   */
  private boolean committed(String transaction, SQLException unanswered) throws SQLException {
    Retry retry = new Retry(target.retryFor());
    abandon();
    while (true) {
      try (Connection asking = target.database().connect(applicationName);
          PreparedStatement statement =
              asking.prepareStatement("SELECT pg_catalog.pg_xact_status(?::pg_catalog.xid8)")) {
        statement.setString(1, transaction);
        try (ResultSet row = statement.executeQuery()) {
          row.next();
          String status = row.getString(1);
          if (!"in progress".equals(status)) {
            return "committed".equals(status);
          }
        }
        retry.pauseOrThrow(unanswered);
      } catch (SQLException e) {
        // 22023: after a crash the server may not know the number, because nothing of the
        // transaction reached the log.
        if ("22023".equals(e.getSQLState())) {
          return false;
        }
        retry.pauseOrThrow(e);
      }
    }
  }

  /** Drops the connection; the server rolls back what was not committed. */
  private void abandon() {
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
