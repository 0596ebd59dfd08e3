package backfill.postgres.throttle;

import backfill.plan.Throttle;
import backfill.plan.Throttle.Bound;
import backfill.postgres.server.Parameters;
import backfill.postgres.server.TableName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * The signals that a run reads: those of the server that the plan bounds, and the plan's own. Locks
 * are seen by every role; replicas and autovacuum only by members of {@code pg_read_all_stats}.
 *
 * @see <a href="https://www.postgresql.org/docs/current/monitoring-stats.html">The cumulative
 *     statistics system</a>
 */
final class ServerSignals {
  /** Base backups and receivers of the log replay nothing; a hidden row has no state. */
  private static final String REPLICAS =
      """
      SELECT %s, coalesce(pg_catalog.bool_or(r.state IS NULL), false)
               OR NOT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
      FROM pg_catalog.pg_stat_replication r WHERE r.state IS DISTINCT FROM 'backup'""";

  private static final String LAG =
      "pg_catalog.max(CASE WHEN r.replay_lsn IS NOT NULL THEN coalesce("
          + "extract(epoch FROM r.replay_lag)::pg_catalog.float8 * 1000, 0) END)";

  private static final String LAG_BYTES =
      "pg_catalog.max(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), r.replay_lsn))";

  private static final String WAL =
      "SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), '0/0')";

  private static final String READY =
      """
      SELECT CASE WHEN pg_catalog.current_setting('archive_mode') <> 'off' THEN
        (SELECT pg_catalog.count(*) FROM pg_catalog.pg_ls_archive_statusdir() d WHERE d.name LIKE '%.ready') END""";

  /** Segments since the last one that was archived, but the one that is being filled. */
  private static final String BEHIND =
      """
      SELECT CASE WHEN pg_catalog.current_setting('archive_mode') <> 'off' THEN
               greatest(0, pg_catalog.div(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), '0/0'), s.bytes)
                 - (('x' || pg_catalog.substr(a.last_archived_wal, 9, 8))::pg_catalog.bit(32)::pg_catalog.int8
                      * (4294967296 / s.bytes)
                    + ('x' || pg_catalog.substr(a.last_archived_wal, 17, 8))::pg_catalog.bit(32)::pg_catalog.int8) - 1) END,
             pg_catalog.current_setting('archive_mode') <> 'off' AND a.last_archived_wal IS NULL
      FROM pg_catalog.pg_stat_archiver a,
           (SELECT pg_catalog.pg_size_bytes(pg_catalog.current_setting('wal_segment_size')) AS bytes) s""";

  private static final String WAITING =
      """
      SELECT pg_catalog.count(DISTINCT l.pid) FROM pg_catalog.pg_locks l
      WHERE NOT l.granted AND l.pid <> ALL (%s)""";

  private static final String BLOCKED =
      """
      SELECT coalesce(pg_catalog.max(extract(epoch FROM pg_catalog.clock_timestamp() - w.since)::pg_catalog.float8 * 1000), 0)
      FROM (SELECT l.pid, pg_catalog.min(l.waitstart) AS since FROM pg_catalog.pg_locks l
            WHERE NOT l.granted AND l.pid <> ALL (%1$s) GROUP BY l.pid) w
      WHERE pg_catalog.pg_blocking_pids(w.pid) && %1$s""";

  private static final String OURS =
      "ARRAY(SELECT o.pid FROM pg_catalog.pg_stat_activity o WHERE pg_catalog.starts_with(o.application_name, %s))";

  private static final String VACUUM =
      """
      SELECT pg_catalog.count(*) FILTER (WHERE v.relid = ANY (ARRAY[%s]::pg_catalog.oid[])),
             NOT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
      FROM (SELECT p.pid, p.relid FROM pg_catalog.pg_stat_progress_vacuum p
            UNION ALL SELECT p.pid, p.relid FROM pg_catalog.pg_stat_progress_analyze p) v""";

  private final Throttle throttle;
  private final List<PaceSignal> signals = new ArrayList<>();

  private ServerSignals(Throttle throttle) {
    this.throttle = throttle;
  }

  /**
   * All of a run, in the order in which the settings have them.
   *
   * @param applicationName what the names of the run's sessions begin with
   * @param targets the tables that it writes
   * @param listsQueue whether we may look into the directory of the archiver
   * @param inline writes parameters into a query of the plan
   */
  static List<PaceSignal> of(
      Throttle throttle,
      String applicationName,
      Collection<TableName> targets,
      boolean listsQueue,
      UnaryOperator<String> inline) {
    if (!throttle.on()) {
      return List.of();
    }
    ServerSignals all = new ServerSignals(throttle);
    String ours = OURS.formatted(Parameters.quote(applicationName));
    all.pausing(Bound.REPLICA_LAG, REPLICAS.formatted(LAG), ReadingUnit.MILLIS, true);
    all.pausing(Bound.REPLICA_LAG_BYTES, REPLICAS.formatted(LAG_BYTES), ReadingUnit.BYTES, true);
    all.slowing(Bound.WAL_PER_SECOND, WAL, ReadingUnit.BYTES_SO_FAR);
    all.pausing(Bound.ARCHIVE_QUEUE, listsQueue ? READY : BEHIND, ReadingUnit.SEGMENTS, true);
    all.slowing(Bound.WAITING_SESSIONS, WAITING.formatted(ours), ReadingUnit.SESSIONS);
    all.slowing(Bound.BLOCKED_BY_US, BLOCKED.formatted(ours), ReadingUnit.MILLIS);
    all.autovacuum(targets);
    all.pausing(
        Bound.PROBE_LATENCY, inline.apply(throttle.asked().probe()), ReadingUnit.ANSWER, false);
    throttle
        .signals()
        .forEach(signal -> all.signals.add(PaceSignal.of(signal, inline.apply(signal.query()))));
    return all.signals;
  }

  private void pausing(Bound bound, String sql, ReadingUnit unit, boolean late) {
    OptionalLong most = throttle.most(bound);
    if (most.isPresent()) {
      signals.add(PaceSignal.pausing(bound.key(), sql, unit, most.getAsLong(), late));
    }
  }

  private void slowing(Bound bound, String sql, ReadingUnit unit) {
    OptionalLong most = throttle.most(bound);
    if (most.isPresent()) {
      signals.add(PaceSignal.slowing(bound.key(), sql, unit, most.getAsLong()));
    }
  }

  private void autovacuum(Collection<TableName> targets) {
    if (throttle.autovacuum() == Throttle.Autovacuum.IGNORE || targets.isEmpty()) {
      return;
    }
    String oids =
        targets.stream()
            .map(
                table ->
                    "pg_catalog.to_regclass("
                        + Parameters.quote(table.quoted())
                        + ")::pg_catalog.oid")
            .collect(Collectors.joining(", "));
    String sql = VACUUM.formatted(oids);
    signals.add(
        throttle.autovacuum() == Throttle.Autovacuum.PAUSE
            ? PaceSignal.pausing("autovacuum", sql, ReadingUnit.WORKERS, 0, false)
            : PaceSignal.slowing("autovacuum", sql, ReadingUnit.WORKERS, 0));
  }
}
