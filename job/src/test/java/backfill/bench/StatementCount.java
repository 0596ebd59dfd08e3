package backfill.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.OptionalLong;

/**
 * How many statements a server was sent in some databases since they were made, of those that name
 * a table in them: neither BEGIN nor a look into the catalog counts, nor what a foreign key asks
 * for each row, which the server counts where it is asked at the commit.
 */
final class StatementCount {
  private static final String TABLES =
      """
      SELECT '\\m(' || string_agg(relname, '|') || ')\\M' FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
      """;
  private static final String CALLS =
      """
      SELECT coalesce(sum(calls), 0) FROM pg_stat_statements
      WHERE dbid = (SELECT oid FROM pg_database WHERE datname = ?) AND query ~ ? AND toplevel
        AND query NOT LIKE '% FROM ONLY % OPERATOR(pg_catalog.=) %'
      """;

  private StatementCount() {}

  /** Nothing where the server does not count, because it lacks pg_stat_statements. */
  static OptionalLong in(BenchServer server, List<String> databases) throws SQLException {
    try (Connection connection = server.connect()) {
      if (!counts(connection)) {
        return OptionalLong.empty();
      }
      long calls = 0;
      for (String database : databases) {
        calls += calls(connection, database, tables(server, database));
      }
      return OptionalLong.of(calls);
    }
  }

  private static boolean counts(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result =
            statement.executeQuery(
                """
                SELECT to_regclass('pg_stat_statements') IS NOT NULL
                  AND current_setting('shared_preload_libraries') ~ 'pg_stat_statements'
                """)) {
      result.next();
      return result.getBoolean(1);
    }
  }

  private static String tables(BenchServer server, String database) throws SQLException {
    try (Connection connection = server.connect(database);
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(TABLES)) {
      result.next();
      return result.getString(1);
    }
  }

  private static long calls(Connection connection, String database, String tables)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(CALLS)) {
      statement.setString(1, database);
      statement.setString(2, tables);
      try (ResultSet result = statement.executeQuery()) {
        result.next();
        return result.getLong(1);
      }
    }
  }
}
