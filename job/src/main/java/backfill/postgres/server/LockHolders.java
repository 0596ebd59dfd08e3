package backfill.postgres.server;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Says why a question got no lock in time: which sessions hold, or queue for, a lock that lets no
 * session look at a table.
 */
final class LockHolders {
  /** EXPLAIN of a statement that writes takes its lock, which weaker modes than the last forbid. */
  private static final String HOLDERS =
      """
      SELECT l.pid, l.granted, l.mode, n.nspname, c.relname, a.application_name, a.usename,
             extract(epoch FROM clock_timestamp() - a.xact_start)::bigint AS seconds
      FROM pg_catalog.pg_locks l
      JOIN pg_catalog.pg_class c ON c.oid = l.relation AND c.relkind IN ('r', 'p', 'm', 'f', 'S')
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname <> 'pg_toast'
      LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
      WHERE l.locktype = 'relation' AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
        AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
        AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
      ORDER BY l.mode <> 'AccessExclusiveLock', NOT l.granted, a.xact_start, c.relname
      LIMIT 3""";

  private LockHolders() {}

  /**
   * The failure in words that say what to do.
   *
   * @param connection after a rollback
   */
  static SQLException explained(Connection connection, Duration waited, SQLException failure) {
    String who;
    try {
      SessionSettings.begin(connection);
      who =
          Inquiry.rows(connection, HOLDERS, LockHolders::words).stream()
              .collect(Collectors.joining(", "));
      connection.rollback();
    } catch (SQLException e) {
      failure.addSuppressed(e);
      return failure;
    }
    SQLException explained =
        new SQLException(
            "no lock was had within %s (lock-timeout)%s, then run the same command again"
                .formatted(
                    ReplicaReplay.inWords(waited),
                    who.isEmpty()
                        ? ", and the session that held it has let it go; wait a moment"
                        : ": " + who + "; wait until that has ended, or end it"),
            failure.getSQLState());
    explained.addSuppressed(failure);
    return explained;
  }

  private static String words(ResultSet row) throws SQLException {
    long seconds = row.getLong("seconds");
    String age = row.wasNull() ? "" : ", in its transaction for " + seconds + " s";
    String name = row.getString("application_name");
    long pid = row.getLong("pid");
    String session =
        row.wasNull()
            ? "a prepared transaction"
            : "pid %d (%s, role %s%s)"
                .formatted(
                    pid,
                    name == null || name.isEmpty() ? "no application name" : name,
                    row.getString("usename"),
                    age);
    return "%s %s %s on %s"
        .formatted(
            session,
            row.getBoolean("granted") ? "holds" : "waits for",
            mode(row.getString("mode")),
            new TableName(row.getString("nspname"), row.getString("relname")));
  }

  /** As LOCK TABLE writes it. */
  private static String mode(String catalogs) {
    return List.of(catalogs.replaceFirst("Lock$", "").split("(?=[A-Z])")).stream()
        .map(word -> word.toUpperCase(Locale.ROOT))
        .collect(Collectors.joining(" "));
  }
}
