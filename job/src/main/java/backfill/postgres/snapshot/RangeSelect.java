package backfill.postgres.snapshot;

import backfill.postgres.server.Database;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Reads what one statement gives, so many rows at a time, over a connection of its own in whose
 * transaction a snapshot was imported. Used by one thread.
 */
public final class RangeSelect implements AutoCloseable {
  private final Connection connection;
  private final ResultSet rows;

  /**
   * @param importStatements those of {@link Snapshot#importStatements}
   * @param fetchRows rows that one round trip brings
   */
  public RangeSelect(
      Database database, String applicationName, String importStatements, String sql, int fetchRows)
      throws SQLException {
    connection = database.connectForReading(applicationName);
    try {
      // With autocommit on the driver would bring all rows at once.
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        statement.execute(importStatements);
      }
      rows = select(sql, fetchRows);
    } catch (SQLException e) {
      try (connection) {
        throw e;
      }
    }
  }

  /** It is closed with the connection. */
  private ResultSet select(String sql, int fetchRows) throws SQLException {
    Statement statement = connection.createStatement();
    statement.setEscapeProcessing(false);
    statement.setFetchSize(fetchRows);
    return statement.executeQuery(sql);
  }

  public ResultSet rows() {
    return rows;
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
