package backfill.postgres.write;

import backfill.plan.Settings;
import backfill.postgres.catalog.Table;
import backfill.postgres.catalog.TableLock;
import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.ListedStatement;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.SqlFailure;
import backfill.postgres.server.SqlState;
import backfill.postgres.server.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Makes the server's statistics of a table anew once it grew by much: until then statements of the
 * application are planned for the table as it was. It queues for no lock, because an autovacuum
 * that holds it would be ended for that: it asks again and again, for as long as {@code
 * lock-timeout}.
 */
public final class TableAnalysis {
  private static final long POLL_MILLIS = 100;

  /** The first major version with the right to maintain a table. */
  private static final int WITH_MAINTAIN = 17;

  /** Of a partitioned table on each partition; the database's owner may always. */
  private static final String MAY =
      """
      SELECT coalesce(pg_catalog.bool_and(pg_catalog.pg_has_role(c.relowner, 'USAGE')%s), false)
             OR pg_catalog.pg_has_role((SELECT datdba FROM pg_catalog.pg_database
                                        WHERE datname = pg_catalog.current_database()), 'USAGE')
      FROM pg_catalog.pg_class c, (SELECT pg_catalog.to_regclass(?) AS oid) t
      WHERE c.oid = t.oid OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(t.oid))""";

  private TableAnalysis() {}

  /** Whether a table that had so many rows grew by more than a tenth. */
  public static boolean isDue(long before, long added) {
    return added > before / 10.0;
  }

  /** For a person. */
  private static String statement(TableName table) {
    return "ANALYZE " + table.quoted();
  }

  private static String sent(TableName table) {
    return "ANALYZE (SKIP_LOCKED) " + table.quoted();
  }

  /** What is sent, listed. */
  public static List<ListedStatement> listing(Table table, Settings settings) {
    return List.of(
        new ListedStatement("BEGIN"),
        new ListedStatement(begin(settings)),
        new ListedStatement(
            List.of(
                TableLock.SHARE_UPDATE_EXCLUSIVE.on(table, "COMMIT"),
                "a table that is locked is asked for again, for as long as lock-timeout"),
            sent(table.name())),
        new ListedStatement("COMMIT"));
  }

  private static String begin(Settings settings) {
    return BatchStatement.begin(settings.lockTimeout(), settings.write().statementTimeout());
  }

  /**
   * Analyzes a table, and its partitions.
   *
   * @return why it was not, with the statement that does it; empty where it was
   */
  public static Optional<String> of(
      Database database, String applicationName, Settings settings, TableName table) {
    try (Connection connection = database.connect(applicationName + " analyze")) {
      connection.setAutoCommit(false);
      if (!may(connection, table)) {
        return Optional.of(
            "this role may not analyze it; its owner may: "
                + statement(table)
                + (knowsMaintain(connection)
                    ? ", or GRANT MAINTAIN ON %s TO %s"
                        .formatted(
                            table.quoted(), TableName.quote(connection.getMetaData().getUserName()))
                    : ""));
      }
      long end = System.nanoTime() + settings.lockTimeout().toNanos();
      while (isLocked(connection, settings, table)) {
        if (System.nanoTime() > end) {
          return Optional.of(locked(settings.lockTimeout(), table));
        }
        Thread.sleep(POLL_MILLIS);
      }
      return Optional.empty();
    } catch (SQLException e) {
      return Optional.of(
          SqlState.LOCK_NOT_AVAILABLE.is(e)
              ? locked(settings.lockTimeout(), table)
              : "it could not be analyzed: %s; run %s"
                  .formatted(SqlFailure.message(e), statement(table)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.of("it was not analyzed before the run was stopped; run " + statement(table));
    }
  }

  /** How many rows the server's statistics say that a table has; 0 where they say nothing. */
  public static long knownRows(Database database, String applicationName, TableName table) {
    try (Connection connection = database.connect(applicationName + " analyze")) {
      connection.setAutoCommit(false);
      SessionSettings.begin(connection);
      List<Long> known =
          Inquiry.rows(
              connection,
              "SELECT greatest(c.reltuples, 0)::pg_catalog.int8 FROM pg_catalog.pg_class c"
                  + " WHERE c.oid = pg_catalog.to_regclass(?)",
              row -> row.getLong(1),
              table.quoted());
      return known.isEmpty() ? 0 : known.get(0);
    } catch (SQLException e) {
      // Then it is analyzed once too often, or that says what is wrong.
      return 0;
    }
  }

  private static String locked(Duration lockTimeout, TableName table) {
    return "it was locked by another session for as long as lock-timeout (%d ms); run %s"
        .formatted(lockTimeout.toMillis(), statement(table));
  }

  private static boolean knowsMaintain(Connection connection) throws SQLException {
    return connection.getMetaData().getDatabaseMajorVersion() >= WITH_MAINTAIN;
  }

  private static boolean may(Connection connection, TableName table) throws SQLException {
    String maintains =
        knowsMaintain(connection) ? " OR pg_catalog.has_table_privilege(c.oid, 'MAINTAIN')" : "";
    SessionSettings.begin(connection);
    boolean may =
        Inquiry.rows(connection, MAY.formatted(maintains), row -> row.getBoolean(1), table.quoted())
            .get(0);
    connection.rollback();
    return may;
  }

  /** The server says by a warning that it passed over a table, or over a partition. */
  private static boolean isLocked(Connection connection, Settings settings, TableName table)
      throws SQLException {
    SessionSettings.begin(connection);
    try (Statement statement = connection.createStatement()) {
      statement.execute(begin(settings));
      statement.clearWarnings();
      statement.execute(sent(table));
      boolean locked = false;
      for (SQLWarning said = statement.getWarnings(); said != null; said = said.getNextWarning()) {
        locked |= SqlState.LOCK_NOT_AVAILABLE.is(said);
      }
      connection.commit();
      return locked;
    }
  }
}
