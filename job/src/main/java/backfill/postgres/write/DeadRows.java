package backfill.postgres.write;

import backfill.plan.Amount;
import backfill.plan.Settings;
import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SqlFailure;
import backfill.postgres.server.TableName;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * The rows that a run left dead in a table, because it set or deleted them, and from how many on
 * autovacuum comes for that table, by the rule of the manual; of a partitioned table those of all
 * partitions.
 *
 * @param rows about: each that was set or deleted left one, unless the table was vacuumed since the
 *     run began, after which the server's own number holds
 * @param autovacuum whether it comes at all
 * @see <a href="https://www.postgresql.org/docs/current/routine-vacuuming.html">The autovacuum
 *     daemon, 24.1.6</a>
 */
public record DeadRows(TableName table, long rows, long threshold, boolean autovacuum) {
  /** {@code autovacuum_vacuum_max_threshold} is of PostgreSQL 18. */
  private static final String LOOK =
      """
      SELECT pg_catalog.sum(CASE WHEN one.most >= 0 AND one.most < one.due THEN one.most ELSE one.due END)::pg_catalog.int8,
             pg_catalog.bool_and(one.comes), pg_catalog.sum(one.dead)::pg_catalog.int8,
             coalesce(pg_catalog.max(one.vacuumed)
                      > pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => ?::pg_catalog.float8), false)
      FROM (
        SELECT coalesce((%1$s 'autovacuum_vacuum_threshold'),
                        pg_catalog.current_setting('autovacuum_vacuum_threshold'))::pg_catalog.float8
               + coalesce((%1$s 'autovacuum_vacuum_scale_factor'),
                          pg_catalog.current_setting('autovacuum_vacuum_scale_factor'))::pg_catalog.float8
                 * CASE WHEN c.reltuples < 0 THEN 0 ELSE c.reltuples END AS due,
               coalesce((%1$s 'autovacuum_vacuum_max_threshold'),
                        pg_catalog.current_setting('autovacuum_vacuum_max_threshold', true), '-1')::pg_catalog.float8 AS most,
               coalesce((%1$s 'autovacuum_enabled')::pg_catalog.bool, true)
               AND pg_catalog.current_setting('autovacuum')::pg_catalog.bool
               AND pg_catalog.current_setting('track_counts')::pg_catalog.bool AS comes,
               pg_catalog.pg_stat_get_dead_tuples(c.oid) AS dead,
               greatest(pg_catalog.pg_stat_get_last_vacuum_time(c.oid),
                        pg_catalog.pg_stat_get_last_autovacuum_time(c.oid)) AS vacuumed
        FROM pg_catalog.pg_class c, (SELECT pg_catalog.to_regclass(?) AS oid) t
        WHERE c.relkind = 'r'
          AND (c.oid = t.oid OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(t.oid)))) one"""
          .formatted(
              "SELECT option_value FROM pg_catalog.pg_options_to_table(c.reloptions) WHERE option_name =");

  /**
   * Looks at one table.
   *
   * @param changed how many rows the run set or deleted there
   * @param lasted how long it has lasted
   * @throws IllegalStateException with what the server said
   */
  public static DeadRows in(
      Database database,
      String applicationName,
      Settings settings,
      TableName table,
      long changed,
      Duration lasted) {
    try (Inquiry inquiry =
        new Inquiry(
            database.connect(applicationName + " look"),
            settings.lockTimeout(),
            settings.write().retryFor())) {
      return inquiry.one(
          LOOK,
          row ->
              new DeadRows(
                  table,
                  row.getBoolean(4) ? Math.min(changed, row.getLong(3)) : changed,
                  row.getLong(1),
                  row.getBoolean(2)),
          Double.toString(lasted.toMillis() / 1000.0),
          table.quoted());
    } catch (SQLException e) {
      throw new IllegalStateException(
          "how many rows were left dead in %s is not known: %s"
              .formatted(table, SqlFailure.message(e)),
          e);
    }
  }

  /** Whether there are more than a table should have. */
  public boolean isVacuumDue() {
    return rows > threshold;
  }

  /** What takes them away. */
  public String statement() {
    return "VACUUM " + table.quoted();
  }

  /** For people, where that is due. */
  public String sentence() {
    return String.format(
        Locale.ROOT,
        autovacuum
            ? "about %s left dead in %s; autovacuum comes for it at %,d, and sooner helps %s"
            : "about %s left dead in %s, and autovacuum, which would come at %,d, is off for it: run %s",
        Amount.of(rows, "row"),
        table,
        threshold,
        statement());
  }

  /** The statements that are due for these. */
  public static List<String> due(List<DeadRows> tables) {
    return tables.stream().filter(DeadRows::isVacuumDue).map(DeadRows::statement).toList();
  }
}
