package backfill.postgres.server;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Says what our sessions wait for, as the servers see it. One connection of its own to each, opened
 * when first asked, and used by a thread of its own: who asks goes on where a server does not
 * answer.
 */
public final class Waits implements AutoCloseable {
  /** Our own sessions are no reason: what they wait for is. */
  private static final String BLOCKED =
      """
      SELECT ours.pid, ours.wait_event_type, ours.wait_event,
             b.pid AS blocker, b.application_name, b.datname, b.usename, b.state,
             extract(epoch FROM clock_timestamp() - b.xact_start)::bigint AS seconds
      FROM pg_catalog.pg_stat_activity ours
      LEFT JOIN LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(ours.pid)) AS p(pid) ON true
      LEFT JOIN pg_catalog.pg_stat_activity b ON b.pid = p.pid
      WHERE pg_catalog.starts_with(ours.application_name, ?) AND ours.pid <> pg_catalog.pg_backend_pid()
        AND ours.wait_event_type IS NOT NULL AND ours.wait_event_type NOT IN ('Client', 'Activity')
        AND CASE WHEN p.pid IS NULL THEN ours.wait_event_type <> 'Lock'
                 ELSE b.pid IS NULL OR NOT pg_catalog.starts_with(b.application_name, ?) END
      ORDER BY p.pid IS NULL, ours.pid
      LIMIT 1""";

  private final NamedDatabases databases;
  private final String applicationName;
  private final Map<Database, Connection> connections = new HashMap<>();
  private CompletableFuture<Optional<String>> asking;
  private long askedNanos;
  private int blockerSeen;
  private long seenNanos;
  private boolean closed;

  /**
   * @param applicationName what the names of our sessions begin with
   */
  public Waits(NamedDatabases databases, String applicationName) {
    this.databases = databases;
    this.applicationName = applicationName;
  }

  /**
   * What one of our sessions waits for now, in words; a blocking session comes first. Empty where
   * none waits. One thread asks.
   *
   * @param patience how long the answer is waited for
   */
  public Optional<String> current(Duration patience) {
    if (asking == null) {
      askedNanos = System.nanoTime();
      asking =
          CompletableFuture.supplyAsync(this::ask, task -> DaemonThread.of("watch", task).start());
    }
    try {
      Optional<String> answer = asking.get(patience.toNanos(), TimeUnit.NANOSECONDS);
      asking = null;
      return answer;
    } catch (TimeoutException e) {
      long seconds = Duration.ofNanos(System.nanoTime() - askedNanos).toSeconds();
      return Optional.of("the server, which has not answered for " + seconds + " s");
    } catch (ExecutionException e) {
      asking = null;
      return Optional.of("the server: " + e.getCause().getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  private Optional<String> ask() {
    return databases.named().values().stream().map(this::ask).flatMap(Optional::stream).findFirst();
  }

  private Optional<String> ask(Database database) {
    try {
      Connection open = open(database);
      if (open == null) {
        return Optional.empty();
      }
      try (PreparedStatement statement = open.prepareStatement(BLOCKED)) {
        statement.setQueryTimeout(2);
        statement.setString(1, applicationName);
        statement.setString(2, applicationName);
        try (ResultSet row = statement.executeQuery()) {
          return row.next() ? Optional.of(words(row)) : Optional.empty();
        }
      }
    } catch (SQLException e) {
      drop();
      return Optional.of("the server: " + ConnectionFailure.oneLine(e));
    }
  }

  private String words(ResultSet row) throws SQLException {
    int blocker = row.getInt("blocker");
    if (row.wasNull()) {
      return row.getString("wait_event_type") + " " + row.getString("wait_event");
    }
    String name = row.getString("application_name");
    String who = name == null || name.isEmpty() ? "no application name" : name;
    String state = row.getString("state");
    return "pid "
        + blocker
        + " ("
        + who
        + ", database "
        + row.getString("datname")
        + ", role "
        + row.getString("usename")
        + (state == null ? "" : ", " + state)
        + "), "
        + age(row, blocker)
        + ", blocks our pid "
        + row.getInt("pid");
  }

  /** Who may not look at others' sessions knows since when it was seen to block. */
  private String age(ResultSet row, int blocker) throws SQLException {
    long seconds = row.getLong("seconds");
    if (!row.wasNull()) {
      return "in its transaction for " + seconds + " s";
    }
    if (blockerSeen != blocker) {
      blockerSeen = blocker;
      seenNanos = System.nanoTime();
    }
    long seen = Duration.ofNanos(System.nanoTime() - seenNanos).toSeconds();
    return "seen to block for " + seen + " s";
  }

  /** The connection, or null where this was closed meanwhile. */
  private Connection open(Database database) throws SQLException {
    synchronized (this) {
      if (closed || connections.containsKey(database)) {
        return connections.get(database);
      }
    }
    Connection opened =
        database == databases.main()
            ? database.connect(applicationName + " watch")
            : database.connectForReading(applicationName + " watch");
    synchronized (this) {
      connections.put(database, opened);
      if (closed) {
        drop(); // no other place would
      }
      return connections.get(database);
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    drop();
  }

  private synchronized void drop() {
    for (Connection closing : connections.values()) {
      try {
        closing.close();
      } catch (SQLException e) {
        // Nothing was in progress on it.
      }
    }
    connections.clear();
  }
}
