package backfill.testing;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Follows a run on its server, over a connection of its own: the sessions that it opens, one after
 * the other, and the batches that are in. Each may be waited for, and sessions may be ended.
 */
public final class TestingRunWatch implements AutoCloseable {

  /** What a session does for the run. */
  public enum Role {
    PREFLIGHT("application_name LIKE '% preflight'"),
    EXPORTER("query LIKE '%pg_export_snapshot()%'"),
    READER("query ~ '^(COPY|SELECT) .*\\m(dojo_|auth_user\\M)'"),
    WRITER("application_name LIKE '%#%'"),
    LEDGER("query ~ '\"backfill\"\\.' AND application_name NOT LIKE '%#%'"),
    ANY("true");

    private final String condition;

    Role(String condition) {
      this.condition = condition;
    }
  }

  private final Connection connection;
  private final Statement asking;
  private final BooleanSupplier over;
  private final Set<Integer> pids = new HashSet<>();

  /**
   * @param over whether the run has ended
   */
  public TestingRunWatch(TestingDatabase database, BooleanSupplier over) throws SQLException {
    this.connection = database.connection();
    this.asking = connection.createStatement();
    this.over = over;
  }

  /** Follows the run to its end; how many sessions it had. */
  int sessions() throws Exception {
    awaitSession(Role.ANY, Integer.MAX_VALUE);
    return pids.size();
  }

  /** Waits for the {@code number}th session of this role, from 1; empty if there was none. */
  Optional<Integer> awaitSession(Role role, int number) throws Exception {
    while (!over.getAsBoolean()) {
      try (ResultSet row =
          asking.executeQuery("SELECT pid" + TestingGrants.SESSIONS + " AND " + role.condition)) {
        while (row.next()) {
          if (pids.add(row.getInt(1)) && pids.size() >= number) {
            return Optional.of(row.getInt(1));
          }
        }
      }
      Thread.sleep(4);
    }
    return Optional.empty();
  }

  /** Waits until so many batches are in, or the run is over. */
  void awaitBatches(long number) throws Exception {
    String batches = null;
    while (!over.getAsBoolean()) {
      if (batches == null && number("SELECT count(to_regclass('backfill.batch'))") == 1) {
        batches = "SELECT count(*) FROM backfill.batch";
      }
      if (batches != null && number(batches) >= number) {
        return;
      }
      Thread.sleep(4);
    }
  }

  private long number(String sql) throws SQLException {
    try (ResultSet row = asking.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }

  /**
   * Ends the {@code number}th session of this role, as an administrator would, or the next one that
   * is still there to be ended.
   *
   * @return what it was doing; empty if the run was over before
   */
  public Optional<String> cut(Role role, int number) throws Exception {
    while (true) {
      Optional<Integer> pid = awaitSession(role, number);
      if (pid.isEmpty()) {
        return Optional.empty();
      }
      Optional<String> was = end(pid.get());
      if (was.isPresent()) {
        return was;
      }
    }
  }

  /** In two statements: in which order a server asks the conditions of one is its own affair. */
  private Optional<String> end(int pid) throws SQLException {
    String was;
    try (ResultSet row =
        asking.executeQuery(
            "SELECT concat_ws(' ', substring(application_name FROM '(preflight|watch|#\\d+)$'), state,"
                + " left(regexp_replace(query, '\\s+', ' ', 'g'), 70))"
                + TestingGrants.SESSIONS
                + " AND pid = "
                + pid)) {
      if (!row.next()) {
        return Optional.empty();
      }
      was = row.getString(1);
    }
    try (ResultSet row = asking.executeQuery("SELECT pg_terminate_backend(" + pid + ")")) {
      row.next();
      return row.getBoolean(1) ? Optional.of(was) : Optional.empty();
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
