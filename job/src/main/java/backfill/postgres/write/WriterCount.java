package backfill.postgres.write;

import backfill.plan.Amount;
import backfill.plan.Settings;
import backfill.postgres.server.ConnectionFailure;
import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How many connections write at the same time where {@code write.writers} is {@code auto}: as many
 * as the server has cores, and no more than half of its connections that are free. Where it does
 * not tell its cores, a few begin, and more follow as long as each makes the write faster.
 *
 * @param cores of the server; empty where it does not tell
 * @param free connections that we could still open
 */
public record WriterCount(OptionalInt cores, int free) {
  /** As many begin where the cores are not known: what a small server of today has. */
  private static final int FIRST_UNTOLD = 4;

  /** Linux keeps them in files, which PostgreSQL reads for a superuser. */
  private static final String FACTS =
      """
      WITH client AS (
        SELECT pg_catalog.count(*) AS taken FROM pg_catalog.pg_stat_activity a
        WHERE coalesce(a.backend_type, 'client backend') = 'client backend' AND a.datname IS NOT NULL),
      me AS (
        SELECT r.rolsuper, r.rolconnlimit,
               r.rolsuper OR pg_catalog.pg_has_role('pg_read_server_files', 'USAGE') AS reads
        FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
      SELECT pg_catalog.current_setting('max_connections')::pg_catalog.int4
               - CASE WHEN me.rolsuper THEN 0 ELSE
                   pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4 END
               - client.taken AS free,
             me.reads AND pg_catalog.has_function_privilege(
               'pg_catalog.pg_read_file(text, bigint, bigint, boolean)', 'EXECUTE') AS tells
      FROM me, client\
      """;

  /** Which processors are online, as in 0-3,8; and what a container may use of them. */
  private static final String CORES =
      """
      WITH online AS (
        SELECT pg_catalog.sum(coalesce(r[2], r[1])::pg_catalog.int4 - r[1]::pg_catalog.int4 + 1) AS cores
        FROM pg_catalog.regexp_matches(
          pg_catalog.pg_read_file('/sys/devices/system/cpu/online', 0, 4096, true), '(\\d+)(?:-(\\d+))?', 'g') AS r),
      share AS (
        SELECT pg_catalog.ceil(r[1]::pg_catalog.numeric / r[2]::pg_catalog.numeric) AS cores
        FROM pg_catalog.regexp_matches(
          pg_catalog.pg_read_file('/sys/fs/cgroup/cpu.max', 0, 4096, true), '^(\\d+) (\\d+)') AS r)
      SELECT LEAST(online.cores, (SELECT share.cores FROM share))::pg_catalog.int4 FROM online\
      """;

  /**
   * Asks the server of a database, which preflight asks anew: what this one meets, that one says.
   *
   * @return empty where it cannot be asked
   */
  public static Optional<WriterCount> of(
      Database database, String applicationName, Duration lockTimeout) {
    try (Inquiry inquiry =
        new Inquiry(database.connect(applicationName), lockTimeout, Duration.ZERO)) {
      return Optional.of(ask(inquiry));
    } catch (SQLException e) {
      return Optional.empty();
    }
  }

  static WriterCount ask(Inquiry inquiry) throws SQLException {
    record Facts(int free, boolean tells) {}
    Facts facts = inquiry.one(FACTS, row -> new Facts(row.getInt("free"), row.getBoolean("tells")));
    return new WriterCount(
        facts.tells() ? cores(inquiry) : OptionalInt.empty(), Math.max(0, facts.free()));
  }

  private static OptionalInt cores(Inquiry inquiry) throws SQLException {
    try {
      int cores = inquiry.one(CORES, row -> row.getInt(1));
      return cores > 0 ? OptionalInt.of(cores) : OptionalInt.empty();
    } catch (SQLException e) {
      if (ConnectionFailure.passing(e.getSQLState())) {
        throw e;
      }
      // Its system keeps them elsewhere, or keeps the file from it.
      return OptionalInt.empty();
    }
  }

  /** How it is written, once that is chosen. */
  public Settings.Write chosen(Settings.Write write) {
    Settings.Writers writers = write.parallel();
    return writers.auto().isEmpty()
        ? write
        : write.with(
            writers.chosen(first(writers.auto().getAsInt()), most(writers.auto().getAsInt())));
  }

  private int most(int atMost) {
    int most = Math.min(atMost, Math.min(cores.orElse(atMost), free / 2));
    return Math.max(Settings.Writers.LEAST_CHOSEN, most);
  }

  private int first(int atMost) {
    int most = most(atMost);
    return cores.isPresent() ? most : Math.min(FIRST_UNTOLD, most);
  }

  /** How many it is, and why. */
  public String sentence(int atMost) {
    int first = first(atMost);
    int most = most(atMost);
    return "write.writers = auto: %s%s, because %s, %s free, and write.writers.auto is %d"
        .formatted(
            Amount.of(first, "writer"),
            first == most
                ? ""
                : " to begin with, and up to %d as long as each makes the write faster"
                    .formatted(most),
            cores.isPresent()
                ? "the server has " + Amount.of(cores.getAsInt(), "core")
                : "the server does not tell this role its cores",
            free == 1 ? "1 connection is" : free + " connections are",
            atMost);
  }
}
