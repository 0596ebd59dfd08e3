package backfill.bench.load;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * What there is after a rerun.
 *
 * @param heapBytes in use of the job's heap once it was swept
 * @param residentBytes of the job's process; null where there is no /proc
 * @param connections that others than the application hold in the database
 * @param ledgerBytes of the ledger's tables with their indexes
 * @param ledgerRows in them, as the server has counted them
 * @param seconds that the rerun took
 * @param targetBytes of the tables that are filled
 * @param deadRows of those, that await a vacuum
 */
record SoakSample(
    int rerun,
    double seconds,
    long heapBytes,
    Long residentBytes,
    long connections,
    long ledgerBytes,
    long ledgerRows,
    long targetBytes,
    long deadRows) {
  private static final String SERVER =
      """
      SELECT (SELECT count(*) FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid()
                AND backend_type = 'client backend' AND application_name <> ?),
             (SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class
              WHERE relkind = 'r' AND relnamespace = to_regnamespace('backfill')),
             (SELECT coalesce(sum(n_live_tup), 0)::bigint FROM pg_stat_user_tables WHERE schemaname = 'backfill'),
             (SELECT sum(pg_total_relation_size(relid))::bigint FROM pg_stat_user_tables
              WHERE relname LIKE 'dojo%authorized\\_users'),
             (SELECT sum(n_dead_tup)::bigint FROM pg_stat_user_tables
              WHERE relname LIKE 'dojo%authorized\\_users')
      """;

  /** Asks the server for its part. */
  static SoakSample of(Connection connection, int rerun, double seconds, Job job)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(SERVER)) {
      statement.setString(1, Application.NAME);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return new SoakSample(
            rerun,
            seconds,
            job.heapBytes(),
            job.residentBytes(),
            row.getLong(1),
            row.getLong(2),
            row.getLong(3),
            row.getLong(4),
            row.getLong(5));
      }
    }
  }

  /** What the job's process holds. */
  record Job(long heapBytes, Long residentBytes) {}
}
