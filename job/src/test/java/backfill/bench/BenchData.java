package backfill.bench;

import backfill.bench.BenchCase.Part;
import backfill.testing.TestingUpstreamTables;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.TreeMap;

/** Makes a case's tables and their rows on the server, the same rows each time. */
public final class BenchData {
  private static final String SIZES =
      """
      SELECT c.relname, c.reltuples::bigint FROM pg_class c
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.reltuples > 0
        AND NOT c.relispartition
      """;

  private BenchData() {}

  /**
   * Fills an empty database over a connection of its own, which keeps what was set on it.
   *
   * @param scale 1 for a large installation, 0.01 for a hundredth of its rows
   */
  public static void fill(Connection connection, Part part, double scale) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(TestingUpstreamTables.resource(part.tables()));
      statement.execute("SET bench.scale = '" + scale + "'");
      for (Map.Entry<String, Integer> setting : part.settings().entrySet()) {
        statement.execute("SET bench." + setting.getKey() + " = '" + setting.getValue() + "'");
      }
      statement.execute(TestingUpstreamTables.sql("functions"));
      for (String data : part.data()) {
        statement.execute(TestingUpstreamTables.sql(data));
      }
      statement.execute("VACUUM (FREEZE, ANALYZE)");
    }
  }

  /** About how many rows each filled table has. */
  static Map<String, Long> sizes(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(SIZES)) {
      Map<String, Long> sizes = new TreeMap<>();
      while (rows.next()) {
        sizes.put(rows.getString(1), rows.getLong(2));
      }
      return sizes;
    }
  }
}
