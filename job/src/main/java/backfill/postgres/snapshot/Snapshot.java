package backfill.postgres.snapshot;

import backfill.postgres.catalog.Table;
import backfill.postgres.server.Database;
import backfill.postgres.server.SessionSettings;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * One exported snapshot, and the transaction that holds it: every reader that imports it sees the
 * same state of the database. It also holds ACCESS SHARE on every table that will be read, because
 * a snapshot does not protect against TRUNCATE or a rewrite: <q>TRUNCATE is not MVCC-safe. After
 * truncation, the table will appear empty to concurrent transactions, if they are using a snapshot
 * taken before the truncation occurred.</q>
 *
 * @see <a href="https://www.postgresql.org/docs/current/functions-admin.html">Snapshot
 *     synchronization functions</a>
 */
public final class Snapshot implements AutoCloseable {
  private final List<Connection> held;
  private final String id;
  private final String lsn;
  private final Instant at;
  private final int pid;
  private final String xmin;
  private final long takenNanos;
  private final Optional<String> settings;
  private final Duration lockTimeout;

  /**
   * @param held the connections that hold it and its tables; it closes them
   * @param exported what {@link SnapshotStatements#EXPORT} answered
   * @param takenNanos when it was taken, by our own clock
   * @param lockTimeout how long a reader waits for a lock
   */
  Snapshot(List<Connection> held, ResultSet exported, long takenNanos, Duration lockTimeout)
      throws SQLException {
    this.held = held;
    this.lockTimeout = lockTimeout;
    this.id = exported.getString(1);
    this.lsn = exported.getString(2);
    this.at = exported.getTimestamp(3).toInstant();
    this.pid = exported.getInt(4);
    this.xmin = exported.getString(5);
    this.takenNanos = takenNanos;
    this.settings = SessionSettings.local(held.get(held.size() - 1));
  }

  /**
   * Takes the locks, then the snapshot: in this order nothing can be truncated in between.
   *
   * @param lockTimeout how long one attempt waits for a lock, so that no session queues behind it
   *     for longer
   * @param retryFor how long it is tried
   * @throws SQLException 55P03 if another session held a table for longer than that
   */
  public static Snapshot export(
      Database database,
      String applicationName,
      Collection<Table> tables,
      Duration lockTimeout,
      Duration retryFor)
      throws SQLException {
    try (LockedTables locked =
        LockedTables.of(database, applicationName, tables, lockTimeout, retryFor)) {
      return locked.export();
    }
  }

  /** What a reader sends first in its transaction. */
  public String importStatements() {
    String importing = String.join("; ", SnapshotStatements.importing(id, lockTimeout));
    // A reader goes the way that the exporter went.
    return settings.map(local -> importing + "; " + local).orElse(importing);
  }

  public String id() {
    return id;
  }

  /** The write-ahead log's position when the snapshot was taken, as {@code pg_lsn} prints it. */
  public String lsn() {
    return lsn;
  }

  /** The server's time when the snapshot was taken. */
  public Instant at() {
    return at;
  }

  /**
   * How much later than another it was taken, by our own clock; negative if earlier. The moment is
   * taken to be halfway between question and answer, so that it is off by a round trip at most.
   */
  public Duration laterThan(Snapshot other) {
    return Duration.ofNanos(takenNanos - other.takenNanos);
  }

  /**
   * The same by the clocks of the two servers. It holds how far these clocks are apart, too: where
   * it differs from {@link #laterThan} by much, that is what it shows.
   */
  public Duration laterByServersThan(Snapshot other) {
    return Duration.between(other.at, at);
  }

  /** It sees the end of every transaction before this one. */
  public String xmin() {
    return xmin;
  }

  /** All cells of what a query gives in it, row by row. */
  List<String> cells(String query) throws SQLException {
    try (Statement statement = held.get(held.size() - 1).createStatement()) {
      statement.setEscapeProcessing(false);
      try (ResultSet rows = statement.executeQuery(query)) {
        int columns = rows.getMetaData().getColumnCount();
        List<String> cells = new ArrayList<>();
        while (rows.next()) {
          for (int i = 1; i <= columns; i++) {
            cells.add(rows.getString(i));
          }
        }
        return cells;
      }
    }
  }

  /** Why the session that holds it has ended, in the server's words; empty while it lasts. */
  public Optional<SQLException> ended() {
    Connection holder = held.get(held.size() - 1);
    try {
      if (!holder.isClosed()) {
        try (Statement statement = holder.createStatement()) {
          statement.execute("SELECT 1");
        }
      }
      return Optional.empty();
    } catch (SQLException e) {
      return Optional.of(e);
    }
  }

  /** The server process that holds it. */
  int pid() {
    return pid;
  }

  /**
   * Lets the snapshot go, and the tables: nothing can be read in it any more, and vacuum is not
   * held back by it.
   */
  @Override
  public void close() {
    release(held);
  }

  static void release(List<Connection> held) {
    for (Connection connection : held) {
      try (connection) {
        connection.rollback();
      } catch (SQLException e) {
        // The connection is gone, and what it held with it: that is what was asked for.
      }
    }
  }
}
