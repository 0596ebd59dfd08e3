package backfill.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The transactions that were open on a server at one moment, so that one can wait for their end: a
 * grant revoked in one of them shows only after it has committed.
 */
public final class OpenTransactions {
  private static final long POLL_MILLIS = 100;

  private static final String NOW =
      "SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text,"
          + " pg_catalog.pg_current_wal_insert_lsn()::text";
  private static final String ENDED =
      "SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()) >= ?::pg_catalog.xid8";
  private static final String REPLAYED =
      "SELECT NOT pg_catalog.pg_is_in_recovery()"
          + " OR pg_catalog.pg_last_wal_replay_lsn() >= ?::pg_catalog.pg_lsn";

  private final Database database;
  private final String applicationName;
  private final String next;
  private final String lsn;

  private OpenTransactions(Database database, String applicationName, String next, String lsn) {
    this.database = database;
    this.applicationName = applicationName;
    this.next = next;
    this.lsn = lsn;
  }

  /** Those that are open now. */
  public static OpenTransactions now(Database database, String applicationName)
      throws SQLException {
    try (Connection connection = database.connect(applicationName);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(NOW)) {
      row.next();
      return new OpenTransactions(database, applicationName, row.getString(1), row.getString(2));
    }
  }

  /**
   * Waits until all of them have ended, and, where a replica is read, until it has replayed what
   * was written.
   *
   * @return false if one is still open after that time
   */
  public boolean endWithin(Duration limit) throws SQLException {
    return holdsWithin(limit, true, ENDED, next)
        && (!database.readsElsewhere() || holdsWithin(limit, false, REPLAYED, lsn));
  }

  /** What asks for them and waits for their end, listed. */
  public static List<ListedStatement> listing(Database database, Duration limit) {
    List<ListedStatement> listed = new ArrayList<>();
    String wait = " is asked every " + POLL_MILLIS + " ms, for " + limit.toSeconds() + " s at most";
    listed.add(new ListedStatement(NOW));
    listed.add(new ListedStatement(List.of("whether they have ended" + wait), ENDED));
    if (database.readsElsewhere()) {
      listed.add(
          new ListedStatement(
              List.of("whether the replica has what was written" + wait), REPLAYED));
    }
    return listed;
  }

  private boolean holdsWithin(Duration limit, boolean primary, String question, String value)
      throws SQLException {
    long end = System.nanoTime() + limit.toNanos();
    try (Connection connection =
            primary
                ? database.connect(applicationName)
                : database.connectForReading(applicationName);
        PreparedStatement statement = connection.prepareStatement(question)) {
      statement.setString(1, value);
      while (true) {
        try (ResultSet row = statement.executeQuery()) {
          row.next();
          if (row.getBoolean(1)) {
            return true;
          }
        }
        if (System.nanoTime() > end) {
          return false;
        }
        Thread.sleep(POLL_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
