package backfill.postgres.snapshot;

import backfill.postgres.catalog.Table;
import backfill.postgres.server.Database;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** How many rows of a table a condition leaves out. */
public final class LeftOutRows {
  private LeftOutRows() {}

  /** In a snapshot, by the server alone: no row is brought. */
  public static long of(
      Database database, String applicationName, Snapshot snapshot, Table table, String where)
      throws SQLException {
    try (Connection connection =
            ReadSessions.open(database, ReadSessions.importing(snapshot, table), applicationName);
        Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      try (ResultSet row =
          statement.executeQuery(
              "SELECT count(*) FROM "
                  + table.name().quoted()
                  + " WHERE ("
                  + where
                  + "\n) IS NOT TRUE")) {
        row.next();
        return row.getLong(1);
      }
    }
  }
}
