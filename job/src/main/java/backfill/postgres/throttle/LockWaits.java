package backfill.postgres.throttle;

import backfill.postgres.server.Inquiry;
import backfill.postgres.server.Parameters;
import backfill.postgres.server.SessionSettings;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Adds up how long a run's own sessions waited for locks that they got, as the server shows it
 * whenever this looks. A session that gave up is gone by then: its attempt counts that itself. Used
 * by one thread; only the sum is for any.
 */
final class LockWaits {
  private static final String LOOK =
      """
      SELECT o.pid, w.since::pg_catalog.text,
             (extract(epoch FROM pg_catalog.clock_timestamp() - w.since) * 1000)::pg_catalog.int8
      FROM pg_catalog.pg_stat_activity o
      LEFT JOIN (SELECT l.pid, pg_catalog.min(l.waitstart) AS since FROM pg_catalog.pg_locks l
                 WHERE NOT l.granted GROUP BY l.pid) w ON w.pid = o.pid
      WHERE pg_catalog.starts_with(o.application_name, %s)""";

  private final String sql;
  private final long longest;
  private final Map<Integer, Seen> waiting = new HashMap<>();
  private long lookedNanos;
  private volatile long millis;

  private record Session(int pid, String since, long millis) {}

  private record Seen(String since, long millis) {}

  /**
   * @param applicationName what the names of the run's sessions begin with
   * @param lockTimeout when a session gives up
   */
  LockWaits(String applicationName, Duration lockTimeout) {
    sql = LOOK.formatted(Parameters.quote(applicationName));
    longest = lockTimeout.toMillis();
  }

  /** All waits that are over, in milliseconds. */
  long millis() {
    return millis;
  }

  void look(Connection connection, long nowNanos) throws SQLException {
    connection.rollback();
    SessionSettings.begin(connection);
    Set<Integer> there = new HashSet<>();
    Map<Integer, Seen> now = new HashMap<>();
    for (Session session :
        Inquiry.rows(
            connection, sql, row -> new Session(row.getInt(1), row.getString(2), row.getLong(3)))) {
      there.add(session.pid());
      if (session.since() != null) {
        now.put(session.pid(), new Seen(session.since(), session.millis()));
      }
    }
    connection.rollback();
    long half = (nowNanos - lookedNanos) / 2_000_000;
    waiting.forEach(
        (pid, wait) -> {
          Seen latest = now.get(pid);
          boolean lasts = latest != null && latest.since().equals(wait.since());
          boolean gaveUp = !there.contains(pid) && wait.millis() + 2 * half >= longest;
          if (!lasts && !gaveUp) {
            // It ended at some time since the last look.
            millis += wait.millis() + half;
          }
        });
    waiting.clear();
    waiting.putAll(now);
    lookedNanos = nowNanos;
  }
}
