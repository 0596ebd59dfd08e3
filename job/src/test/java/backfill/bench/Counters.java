package backfill.bench;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.OptionalLong;

/**
 * What a server has counted so far; the difference of two is what happened between them.
 *
 * @param statements that name a table of the databases; nothing where nobody counts them
 * @param walBytes of the whole server
 * @param rows of the databases' tables that were inserted, updated or deleted, the ledger's not
 *     counted
 * @param sequenceValues that were drawn there
 */
record Counters(OptionalLong statements, long walBytes, long rows, long sequenceValues) {
  private static final String WAL = "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint";
  private static final String ROWS =
      """
      SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint
      FROM pg_stat_user_tables WHERE schemaname = 'public'
      """;
  private static final String SEQUENCES =
      "SELECT coalesce(sum(last_value), 0)::bigint FROM pg_sequences WHERE schemaname = 'public'";

  /** Nobody may be working there. */
  static Counters now(BenchServer server, List<String> databases) throws SQLException {
    long rows = 0;
    long sequenceValues = 0;
    for (String database : databases) {
      try (Connection connection = server.connect(database)) {
        rows += number(connection, ROWS);
        sequenceValues += number(connection, SEQUENCES);
      }
    }
    try (Connection connection = server.connect()) {
      return new Counters(
          StatementCount.in(server, databases), number(connection, WAL), rows, sequenceValues);
    }
  }

  /** What was counted since. */
  Counters since(Counters before) {
    return new Counters(
        statements.isPresent()
            ? OptionalLong.of(statements.getAsLong() - before.statements.orElse(0))
            : OptionalLong.empty(),
        walBytes - before.walBytes,
        rows - before.rows,
        sequenceValues - before.sequenceValues);
  }

  private static long number(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(query)) {
      result.next();
      return result.getLong(1);
    }
  }
}
