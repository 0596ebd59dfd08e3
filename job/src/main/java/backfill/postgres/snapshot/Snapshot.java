package backfill.postgres.snapshot;

import backfill.postgres.catalog.Table;
import backfill.postgres.server.Database;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.SqlState;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.postgresql.PGConnection;

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
  /** A transaction that writes reads in no snapshot of ours. */
  private static final String END_READERS =
      """
      SELECT pg_catalog.count(pg_catalog.pg_terminate_backend(reader.pid))
      FROM pg_catalog.pg_stat_activity reader
      WHERE reader.pid NOT IN (pg_catalog.pg_backend_pid(), ?) AND reader.usename = session_user
        AND reader.application_name = pg_catalog.current_setting('application_name')
        AND reader.backend_xmin::text = ? AND reader.backend_xid IS NULL""";

  /** How many that were meant for the exporter's last statement may reach a later one. */
  private static final int MOST_CANCELS = 3;

  private final List<Connection> held;
  private final List<ReadSessions> readers = new ArrayList<>();
  private final String id;
  private final String lsn;
  private final Instant at;
  private final int pid;
  private final String xmin;
  private final Map<Long, Long> blocks = new HashMap<>();
  private final long takenNanos;
  private final Optional<String> settings;
  private boolean hasPath;
  private final Duration lockTimeout;
  private volatile long releasedNanos;

  /**
   * @param held the connections that hold it and its tables; it closes them
   * @param sized the OIDs of the tables whose sizes were asked for
   * @param exported what {@link SnapshotStatements#export} answered
   * @param takenNanos when it was taken, by our own clock
   * @param lockTimeout how long a reader waits for a lock
   */
  Snapshot(
      List<Connection> held,
      List<Long> sized,
      ResultSet exported,
      long takenNanos,
      Duration lockTimeout)
      throws SQLException {
    this.held = held;
    this.lockTimeout = lockTimeout;
    this.id = exported.getString(1);
    this.lsn = exported.getString(2);
    this.at = exported.getTimestamp(3).toInstant();
    this.pid = exported.getInt(4);
    this.xmin = exported.getString(5);
    Long[] sizes = (Long[]) exported.getArray(6).getArray();
    for (int i = 0; i < sized.size(); i++) {
      blocks.put(sized.get(i), sizes[i]);
    }
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

  /** From now on sessions of these that have read in it wait for the next read, until its end. */
  public void keepReaders(Database database, String applicationName) {
    readers.add(ReadSessions.keep(database, importStatements(), applicationName));
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

  /** The table as large as it was when this was taken. */
  public Table sized(Table table) {
    return table.ofBlocks(blocks.getOrDefault(table.oid(), table.blocks()));
  }

  /** It sees the end of every transaction before this one. */
  public String xmin() {
    return xmin;
  }

  /** All cells of what a query gives in it, row by row. */
  List<String> cells(String query) throws SQLException {
    Connection holder = held.get(held.size() - 1);
    try (Statement statement = holder.createStatement()) {
      statement.setEscapeProcessing(false);
      // Behind a pooler its transaction began without the path, for the snapshot's sake.
      if (settings.isPresent() && !hasPath) {
        statement.execute(settings.get());
        hasPath = true;
      }
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
    readers.forEach(ReadSessions::close);
    release(held);
    letGo();
  }

  private void letGo() {
    if (isHeld()) {
      releasedNanos = System.nanoTime();
    }
  }

  private boolean isHeld() {
    return releasedNanos == 0;
  }

  /** How long it has been held, or was. */
  public Duration held() {
    return Duration.ofNanos((isHeld() ? System.nanoTime() : releasedNanos) - takenNanos);
  }

  /** Cancels what its own session does, if that still holds it; may be called by any thread. */
  void cancel() {
    if (isHeld()) {
      try {
        held.get(held.size() - 1).unwrap(PGConnection.class).cancelQuery();
      } catch (SQLException e) {
        // It is gone, or is asked again in a moment.
      }
    }
  }

  /**
   * Lets it go, and ends the sessions of the run that read in it, whatever they do: those that have
   * imported it hold it, too, and are told by that. No other can import it any more.
   */
  void end() {
    Connection exporter = held.get(held.size() - 1);
    try {
      exporter.rollback();
      letGo();
      for (int attempts = 1; !endsReaders(exporter) && attempts < MOST_CANCELS; attempts++) {
        exporter.rollback();
      }
      exporter.rollback();
    } catch (SQLException e) {
      // It is gone, and so no one finds it; those that read in it are ended by their jobs.
    }
  }

  /** Whether it was not broken off by what cancelled the statement before it. */
  private boolean endsReaders(Connection exporter) throws SQLException {
    try {
      SessionSettings.begin(exporter);
      endReaders(exporter);
      return true;
    } catch (SQLException e) {
      if (SqlState.QUERY_CANCELED.is(e)) {
        return false;
      }
      throw e;
    }
  }

  private void endReaders(Connection exporter) throws SQLException {
    try (PreparedStatement ending = exporter.prepareStatement(END_READERS)) {
      ending.setInt(1, pid);
      // A session's is half of the number.
      ending.setString(2, Long.toString(Long.parseLong(xmin) & 0xFFFF_FFFFL));
      ending.executeQuery();
    }
  }

  /** Lets it go, and ends the sessions that still read in it: what none waits for any more. */
  public void closeWithReaders() {
    end();
    close();
  }

  static void release(Collection<Connection> held) {
    for (Connection connection : held) {
      try {
        connection.close();
      } catch (SQLException e) {
        // The connection is gone, and what it held with it: that is what was asked for.
      }
    }
  }
}
