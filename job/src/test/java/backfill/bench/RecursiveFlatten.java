package backfill.bench;

import backfill.testing.TestingUpstreamTables;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Closes nested groups and flattens their grants by one recursive query on the server, once; prints
 * what {@link FlattenRound} says. A main class.
 */
final class RecursiveFlatten {
  private RecursiveFlatten() {}

  public static void main(String[] arguments) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection(
                System.getenv("BACKFILL_URL"),
                System.getenv("BACKFILL_USER"),
                System.getenv("BACKFILL_PASSWORD"));
        Statement statement = connection.createStatement()) {
      statement.execute("SET work_mem = '1GB'");
      FlattenRound.printOfServer(() -> pairs(statement));
    }
  }

  private static long pairs(Statement statement) {
    try (ResultSet pairs =
        statement.executeQuery(TestingUpstreamTables.resource("/bench/nested-recursive.sql"))) {
      pairs.next();
      return pairs.getLong(1);
    } catch (SQLException e) {
      throw new IllegalStateException("the recursive query failed", e);
    }
  }
}
