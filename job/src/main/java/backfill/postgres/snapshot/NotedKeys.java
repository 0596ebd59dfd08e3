package backfill.postgres.snapshot;

import backfill.postgres.catalog.KeyType;
import backfill.postgres.server.Database;
import backfill.postgres.server.TableName;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;

/**
 * Tells of rows that were fetched by their keys whether a later snapshot shows the same ones, as
 * {@link NotedTables} does of whole tables: each is found by its key once more and looked at, and
 * none is brought. Used by one thread.
 */
public final class NotedKeys implements AutoCloseable {
  private final KeyedSelect select;

  /**
   * @param importStatements those of the later snapshot's {@link Snapshot#importStatements}
   * @param sql what {@link #sql} gives
   */
  public NotedKeys(
      Database database, String importStatements, String applicationName, String sql, KeyType type)
      throws SQLException {
    select = new KeyedSelect(database, importStatements, applicationName, sql, type, 1);
  }

  /**
   * The statement, with a question mark for the array of keys.
   *
   * @param horizon of what the earlier snapshot noted
   */
  public static String sql(TableName table, String key, String horizon) {
    return KeyedSelect.sql(List.of("count(*)", NotedTables.isNew(horizon)), table, null, key);
  }

  /** How many rows these keys have, or -1 where one of them may be new. */
  public long rows(Collection<Object> keys) throws SQLException {
    try (ResultSet looked = select.rows(keys.toArray())) {
      looked.next();
      return looked.getLong(2) == 0 ? looked.getLong(1) : -1;
    }
  }

  @Override
  public void close() throws SQLException {
    select.close();
  }
}
