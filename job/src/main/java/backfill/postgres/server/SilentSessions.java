package backfill.postgres.server;

import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.postgresql.Driver;
import org.postgresql.PGConnection;

/**
 * Ends the wait for an answer that will not come. A line may carry nothing any more without either
 * end hearing of it, and a statement may rightly be silent for hours; so where a server says
 * nothing for long, a second connection asks it whether the first one's session is still at work.
 * If it is not, the connection is lost, and what it was used for is tried again or fails as after
 * any other loss.
 */
final class SilentSessions {
  /** In SQL: which server this is. The address does not tell where a balancer stands between. */
  static final String SERVER =
      "extract(epoch FROM pg_catalog.pg_postmaster_start_time())::pg_catalog.text";

  /** So many times {@code connect-timeout} a server may be silent before it is asked. */
  private static final int TIMES = 3;

  /** The same where it cannot be asked, because a pooler may let us wait for a session. */
  private static final int TIMES_UNKNOWN = 15;

  /** So often in a row it may not be reached. */
  private static final int UNREACHED = 3;

  private static final Duration EVERY = Duration.ofSeconds(1);

  /** A server that waits for us, or for us to take what it sends, has nothing more to say. */
  private static final String AT_WORK =
      """
      SELECT pg_catalog.count(*),
             pg_catalog.count(*) FILTER (
               WHERE coalesce(state, 'disabled') = 'disabled'
                  OR state NOT LIKE 'idle%' AND wait_event_type IS DISTINCT FROM 'Client'),
             SERVER
      FROM pg_catalog.pg_stat_activity
      WHERE CASE WHEN ? THEN application_name = ? ELSE pid = ? END AND usename = session_user"""
          .replace("SERVER", SERVER);

  private static final Map<PGConnection, Watched> OPEN = new ConcurrentHashMap<>();
  private static boolean watching;

  private SilentSessions() {}

  /** A connection of ours, and what it takes to ask for its session. */
  private static final class Watched {
    private final WatchedSocket socket;
    private final String url;
    private final Properties properties;
    private final Login.SecretNow secret;
    private final int pid;
    private volatile Optional<Boolean> pooled = Optional.empty();
    private volatile String server;
    private int unreached;

    Watched(
        WatchedSocket socket, String url, Properties properties, Login.SecretNow secret, int pid) {
      this.socket = socket;
      this.url = url;
      this.properties = properties;
      this.secret = secret;
      this.pid = pid;
    }

    Duration connectTimeout() {
      return Duration.ofSeconds(Long.parseLong(properties.getProperty("connectTimeout")));
    }

    String name() {
      return properties.getProperty("ApplicationName");
    }
  }

  /**
   * Opens a connection that is watched.
   *
   * @param secret the password for a connection that is opened later
   */
  static Connection connect(String url, Properties properties, Login.SecretNow secret)
      throws SQLException {
    if (!driverFinds(WatchedSocketFactory.class)) {
      return DriverManager.getConnection(url, properties);
    }
    String attempt = UUID.randomUUID().toString();
    Properties watched = new Properties();
    watched.putAll(properties);
    watched.setProperty("socketFactory", WatchedSocketFactory.class.getName());
    watched.setProperty("socketFactoryArg", attempt);
    WatchedSocketFactory.begin(attempt);
    Connection connection = null;
    try {
      connection = DriverManager.getConnection(url, watched);
      return connection;
    } finally {
      Optional<WatchedSocket> socket = WatchedSocketFactory.end(attempt);
      if (connection == null) {
        // The driver's own thread may wait on it still.
        socket.ifPresent(each -> giveUp(each, "the attempt to connect is over"));
      } else if (socket.isPresent()) {
        PGConnection ours = connection.unwrap(PGConnection.class);
        OPEN.put(ours, new Watched(socket.get(), url, properties, secret, ours.getBackendPID()));
        startWatching();
      }
    }
  }

  /** Where the cluster has a driver of its own, that may not see our classes. */
  private static boolean driverFinds(Class<?> ours) {
    try {
      return Class.forName(ours.getName(), false, Driver.class.getClassLoader()) == ours;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  /** From here on it is known whose session it is: a pooler's, or the server's, and of which. */
  static void settled(PGConnection connection, boolean pooled, String server) {
    Watched watched = OPEN.get(connection);
    if (watched != null) {
      watched.server = server;
      watched.pooled = Optional.of(pooled);
    }
  }

  private static synchronized void startWatching() {
    if (!watching) {
      DaemonThread.of("silence", SilentSessions::watch).start();
      watching = true;
    }
  }

  private static void watch() {
    while (true) {
      try {
        Thread.sleep(EVERY.toMillis());
      } catch (InterruptedException e) {
        return;
      }
      OPEN.values().removeIf(each -> each.socket.isClosed());
      OPEN.values().forEach(SilentSessions::look);
    }
  }

  private static void look(Watched watched) {
    long since = watched.socket.waitingSince();
    Duration silent = Duration.ofNanos(System.nanoTime() - since);
    if (since == 0 || silent.compareTo(watched.connectTimeout().multipliedBy(TIMES)) < 0) {
      watched.unreached = 0;
      return;
    }
    Optional<String> lost = lost(watched, silent);
    if (lost.isPresent() && watched.socket.waitingSince() == since) {
      giveUp(
          watched.socket,
          "no answer came for %d s, and %s".formatted(silent.toSeconds(), lost.get()));
    }
  }

  private static void giveUp(WatchedSocket socket, String why) {
    try {
      socket.giveUp(why);
    } catch (IOException e) {
      // It is closed either way.
    }
  }

  /** Why no answer will come; empty as long as one may. */
  private static Optional<String> lost(Watched watched, Duration silent) {
    Properties asking = new Properties();
    asking.putAll(watched.properties);
    asking.setProperty("ApplicationName", watched.name() + " asks");
    asking.setProperty("socketTimeout", Long.toString(watched.connectTimeout().toSeconds()));
    try (Connection connection = askingOver(watched, asking)) {
      watched.unreached = 0;
      return lost(watched, silent, connection);
    } catch (SQLException e) {
      if (!Retry.connectionLost(e)) {
        return Optional.empty(); // it is there, and has no time for this
      }
      watched.unreached++;
      return watched.unreached < UNREACHED
          ? Optional.empty()
          : Optional.of("the server cannot be reached: " + ConnectionFailure.oneLine(e));
    }
  }

  private static Connection askingOver(Watched watched, Properties asking) throws SQLException {
    watched.secret.get().ifPresent(secret -> asking.setProperty("password", secret));
    return DriverManager.getConnection(watched.url, asking);
  }

  private static Optional<String> lost(Watched watched, Duration silent, Connection connection)
      throws SQLException {
    boolean byName = watched.pooled.orElse(false);
    try (PreparedStatement statement = connection.prepareStatement(AT_WORK)) {
      statement.setBoolean(1, byName);
      statement.setString(2, watched.name());
      statement.setInt(3, watched.pid);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        boolean another = watched.server != null && !watched.server.equals(row.getString(3));
        if (another || row.getInt(2) > 0) {
          return Optional.empty();
        }
        if (row.getInt(1) == 0 && mayBeElsewhere(watched, silent)) {
          return Optional.empty();
        }
      }
    }
    if (!byName) {
      end(watched.pid, connection);
    }
    return Optional.of("its session has nothing to do for us: the connection is half-open");
  }

  /**
   * Whether it may be at work under another number or name. A pooler lets us wait for a session at
   * first; later it may keep our name to itself, and then nothing is known.
   */
  private static boolean mayBeElsewhere(Watched watched, Duration silent) {
    return watched.pooled.orElse(
        silent.compareTo(watched.connectTimeout().multipliedBy(TIMES_UNKNOWN)) < 0);
  }

  /** What it holds would else be held until the server's own keepalive finds out. */
  private static void end(int pid, Connection connection) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity"
                + " WHERE pid = ? AND usename = session_user")) {
      statement.setInt(1, pid);
      statement.executeQuery().close();
    }
  }
}
