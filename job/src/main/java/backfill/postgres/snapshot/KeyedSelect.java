package backfill.postgres.snapshot;

import backfill.plan.sql.Placeholders;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.server.Database;
import backfill.postgres.server.TableName;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;

/**
 * Fetches the rows of a table that have one of some keys: one connection for as many statements as
 * come, all in the transaction that imported a snapshot. Used by one thread.
 */
public final class KeyedSelect implements AutoCloseable {
  private final Connection connection;
  private final PreparedStatement select;
  private final KeyType type;

  /**
   * @param importStatements those of {@link Snapshot#importStatements}
   * @param sql what {@link #sql} gives
   * @param fetchRows rows that one round trip brings
   */
  public KeyedSelect(
      Database database,
      String importStatements,
      String applicationName,
      String sql,
      KeyType type,
      int fetchRows)
      throws SQLException {
    this.type = type;
    connection = ReadSessions.open(database, importStatements, applicationName);
    try {
      select = connection.prepareStatement(sql);
      select.setFetchSize(fetchRows);
    } catch (SQLException e) {
      try (connection) {
        throw e;
      }
    }
  }

  /**
   * The statement, with a question mark for the array of keys.
   *
   * @param selected what stands behind SELECT
   * @param where a PostgreSQL condition, or null; question marks in it are the plan's own operators
   */
  public static String sql(Collection<String> selected, TableName table, String where, String key) {
    return "SELECT "
        + String.join(", ", selected)
        + " FROM "
        + table.quoted()
        + " WHERE "
        // The line's end is for a condition that ends in a comment.
        + (where == null ? "" : "(" + Placeholders.escapeQuestionMarks(where) + "\n) AND ")
        + TableName.quote(key)
        + " = ANY (?)";
  }

  /** The rows of these keys; those of the keys before have been read. */
  public ResultSet rows(Object[] keys) throws SQLException {
    Array array = connection.createArrayOf(type.element(), keys);
    try {
      select.setArray(1, array);
      return select.executeQuery();
    } finally {
      array.free();
    }
  }

  @Override
  public void close() throws SQLException {
    try (connection) {
      select.close();
    }
  }
}
