package backfill.testing;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Follows a run on its server, over a connection of its own: the sessions that it opens, one after
 * the other, and the batches that are in. Each may be waited for.
 */
public final class TestingRunWatch implements AutoCloseable {
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
    awaitSession(Integer.MAX_VALUE);
    return pids.size();
  }

  /** Waits for the {@code number}th session, from 1, or until the run is over. */
  void awaitSession(int number) throws Exception {
    while (!over.getAsBoolean()) {
      try (ResultSet row = asking.executeQuery("SELECT pid" + TestingGrants.SESSIONS)) {
        while (row.next()) {
          if (pids.add(row.getInt(1)) && pids.size() >= number) {
            return;
          }
        }
      }
      Thread.sleep(4);
    }
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

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
