package backfill.postgres;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Keeps other runs away from a plan and its targets: a row for each, valid until a moment of the
 * server's clock and renewed by a thread of its own. It stops nobody by itself: each batch checks
 * that the epoch is still the one in which the lease was taken, under a lock whose other side a
 * takeover must get. So a run that slept through its lease cannot write, whatever it believes.
 */
public final class Lease implements AutoCloseable {
  private static final Duration LET_BATCHES_END = Duration.ofSeconds(5);
  private static final Duration NO_LONGER_IDLE = Duration.ofSeconds(30);
  private static final String INSUFFICIENT_PRIVILEGE = "42501";

  /** Sessions that hold the advisory lock whose number follows. */
  private static final String HOLDERS =
      " FROM pg_catalog.pg_locks l WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND database ="
          + " (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())"
          + " AND pid <> pg_catalog.pg_backend_pid() AND ((classid::int8 << 32) | objid::int8) = ";

  private final Database database;
  private final String applicationName;
  private final String schema;
  private final UUID runId;
  private final Duration length;
  private final Map<String, Long> epochs;
  private final ScheduledExecutorService renewing;

  private Lease(
      Database database,
      String applicationName,
      String schema,
      UUID runId,
      Duration length,
      Map<String, Long> epochs) {
    this.database = database;
    this.applicationName = applicationName;
    this.schema = schema;
    this.runId = runId;
    this.length = length;
    this.epochs = epochs;
    this.renewing =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "lease");
              thread.setDaemon(true);
              return thread;
            });
    long third = Math.max(1, length.toMillis() / 3);
    renewing.scheduleAtFixedRate(this::renew, third, third, TimeUnit.MILLISECONDS);
  }

  /**
   * Takes all of these or none.
   *
   * @param names of the plan and of each target
   * @throws Held naming the run that has one, its machine and since when
   */
  public static Lease take(
      Database database,
      String applicationName,
      String schema,
      UUID runId,
      Duration length,
      Collection<String> names)
      throws SQLException {
    try (Connection connection = database.connect(applicationName)) {
      begin(connection);
      Map<String, Long> epochs = new LinkedHashMap<>();
      // In one order, so that two runs never wait for each other.
      for (String name : new TreeSet<>(names)) {
        epochs.put(name, takeOne(connection, schema, name, runId, length));
      }
      connection.commit();
      return new Lease(database, applicationName, schema, runId, length, epochs);
    }
  }

  /** A driver that is frozen in here holds rows that everybody else needs: the server ends it. */
  private static void begin(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "SET LOCAL idle_in_transaction_session_timeout = " + NO_LONGER_IDLE.toMillis());
    }
  }

  private static long takeOne(
      Connection connection, String schema, String name, UUID runId, Duration length)
      throws SQLException {
    String table = TableName.quote(schema) + ".lease";
    try (PreparedStatement statement =
        connection.prepareStatement(
            "INSERT INTO "
                + table
                + " AS l (name, run_id, epoch, host, since, until) VALUES (?, ?, 1, ?, clock_timestamp(),"
                + " clock_timestamp() + ? * interval '1 ms') ON CONFLICT (name) DO UPDATE SET run_id = excluded.run_id,"
                + " epoch = l.epoch + 1, host = excluded.host, since = excluded.since, until = excluded.until"
                + " WHERE l.until < clock_timestamp() RETURNING epoch")) {
      statement.setString(1, name);
      statement.setObject(2, runId);
      statement.setString(3, host());
      statement.setLong(4, length.toMillis());
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          throw held(connection, table, name);
        }
        long epoch = row.getLong(1);
        if (epoch > 1) {
          letBatchesEnd(connection, schema, name);
        }
        return epoch;
      }
    }
  }

  /**
   * Waits for the batches that the run before still has open. One that does not end (its driver is
   * frozen in the middle of it) is ended: it could commit nothing any more, and would keep
   * everybody waiting.
   *
   * @throws Held if one that does not end is not ours to end
   */
  private static void letBatchesEnd(Connection connection, String schema, String name)
      throws SQLException {
    long key = lockKey(schema, name);
    try (Statement statement = connection.createStatement()) {
      statement.execute("SAVEPOINT fence");
      if (lock(statement, key)) {
        return;
      }
      String open = openBatches(statement, key);
      try {
        statement.execute("SELECT pg_catalog.pg_terminate_backend(pid)" + HOLDERS + key);
        if (lock(statement, key)) {
          return;
        }
      } catch (SQLException e) {
        if (!INSUFFICIENT_PRIVILEGE.equals(e.getSQLState())) {
          throw e;
        }
      }
      throw new Held(
          name
              + " was held by a run whose lease is over, and a batch of it that does not end is not ours to end: "
              + open
              + "; end it as that role, or run again later: the server ends it when its client sleeps on");
    }
  }

  private static boolean lock(Statement statement, long key) throws SQLException {
    try {
      statement.execute("SET LOCAL lock_timeout = " + LET_BATCHES_END.toMillis());
      statement.execute("SELECT pg_catalog.pg_advisory_xact_lock(" + key + ")");
      return true;
    } catch (SQLException e) {
      if (!Retry.LOCK_NOT_AVAILABLE.equals(e.getSQLState())) {
        throw e;
      }
      statement.execute("ROLLBACK TO SAVEPOINT fence");
      return false;
    }
  }

  /** The sessions that have one, as people find them. */
  private static String openBatches(Statement statement, long key) throws SQLException {
    try (ResultSet row =
        statement.executeQuery(
            "SELECT pg_catalog.string_agg('pid ' || pid || ' of role ' || coalesce((SELECT usename FROM"
                + " pg_catalog.pg_stat_activity a WHERE a.pid = l.pid), '?'), ', ')"
                + HOLDERS
                + key)) {
      row.next();
      return row.getString(1);
    }
  }

  private static Held held(Connection connection, String table, String name) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT run_id, host, since, until FROM " + table + " WHERE name = ?")) {
      statement.setString(1, name);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return new Held(
            name
                + " is held by run "
                + row.getString(1)
                + " on "
                + row.getString(2)
                + " since "
                + row.getString(3)
                + ", at least until "
                + row.getString(4)
                + "; wait for its end, or run again later");
      }
    }
  }

  /**
   * Ends this run's own writing: its open batches end, and none after them can be committed. What
   * the ledger says of it then stays true, whatever tasks of it are still at work.
   */
  void seal() throws SQLException {
    try (Connection connection = database.connect(applicationName)) {
      begin(connection);
      for (Map.Entry<String, Long> lease : new TreeMap<>(epochs).entrySet()) {
        if (raise(connection, lease.getKey(), lease.getValue())) {
          letBatchesEnd(connection, schema, lease.getKey());
        }
      }
      connection.commit();
    }
  }

  /** False where another run has taken over: it has let our batches end. */
  private boolean raise(Connection connection, String name, long epoch) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "UPDATE "
                + TableName.quote(schema)
                + ".lease SET epoch = epoch + 1 WHERE name = ? AND run_id = ? AND epoch = ?")) {
      statement.setString(1, name);
      statement.setObject(2, runId);
      statement.setLong(3, epoch);
      return statement.executeUpdate() > 0;
    }
  }

  private void renew() {
    try (Connection connection = database.connect(applicationName);
        PreparedStatement statement =
            connection.prepareStatement(
                "UPDATE "
                    + TableName.quote(schema)
                    + ".lease SET until = clock_timestamp() + ? * interval '1 ms' WHERE run_id = ?")) {
      statement.setLong(1, length.toMillis());
      statement.setObject(2, runId);
      statement.executeUpdate();
    } catch (SQLException | RuntimeException e) {
      // The server may be restarting, and a task that throws would be the last one. If another run
      // takes over meanwhile, the next batch finds that out.
    }
  }

  /** Each lease by name, with its epoch. */
  public Map<String, Long> epochs() {
    return epochs;
  }

  /** Lets it go; the row stays, because its epoch must go on rising. */
  @Override
  public void close() {
    renewing.shutdownNow();
    try (Connection connection = database.connect(applicationName);
        PreparedStatement statement =
            connection.prepareStatement(
                "UPDATE "
                    + TableName.quote(schema)
                    + ".lease SET until = clock_timestamp() WHERE run_id = ? AND until > clock_timestamp()")) {
      statement.setObject(1, runId);
      statement.executeUpdate();
    } catch (SQLException e) {
      // It runs out by itself.
    }
  }

  static String host() {
    try {
      return InetAddress.getLocalHost().getHostName()
          + " (pid "
          + ProcessHandle.current().pid()
          + ")";
    } catch (UnknownHostException e) {
      return "unknown host (pid " + ProcessHandle.current().pid() + ")";
    }
  }

  /** The advisory lock of a lease: 64 bits of a digest, the same on every machine. */
  static long lockKey(String schema, String name) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(("backfill lease " + schema + " " + name).getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.wrap(digest).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
