package backfill.postgres.ledger;

import backfill.plan.Sha256;
import backfill.postgres.server.DaemonThread;
import backfill.postgres.server.Database;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.TableName;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
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
 * server's clock and renewed by a thread of its own. It stops no one by itself: each batch checks
 * that the epoch is still the one in which the lease was taken, under a lock whose other side a
 * takeover must get. So a run that slept through its lease cannot write, whatever it believes.
 */
public final class Lease implements AutoCloseable {
  private static final Duration NO_LONGER_IDLE = Duration.ofSeconds(30);
  private static final Duration LAST_RENEWAL = Duration.ofSeconds(5);

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
        Executors.newSingleThreadScheduledExecutor(task -> DaemonThread.of("lease", task));
    long third = Math.max(1, length.toMillis() / 3);
    renewing.scheduleAtFixedRate(this::renew, third, third, TimeUnit.MILLISECONDS);
  }

  /**
   * Takes all of these or none.
   *
   * @param names of the plan and of each target
   * @throws LeaseHeldException naming the run that has one, its machine and since when
   */
  static Lease take(
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
    SessionSettings.begin(connection);
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
          OpenBatches.end(connection, schema, name);
        }
        return epoch;
      }
    }
  }

  private static LeaseHeldException held(Connection connection, String table, String name)
      throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT run_id, host, since, until FROM " + table + " WHERE name = ?")) {
      statement.setString(1, name);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return new LeaseHeldException(
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
          OpenBatches.end(connection, schema, lease.getKey());
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
      begin(connection);
      statement.setLong(1, length.toMillis());
      statement.setObject(2, runId);
      statement.executeUpdate();
      connection.commit();
    } catch (SQLException | RuntimeException e) {
      // The server may be restarting, and a task that throws would be the last one. If another run
      // takes over meanwhile, the next batch finds that out.
    }
  }

  /** Each lease by name, with its epoch. */
  Map<String, Long> epochs() {
    return epochs;
  }

  /** Lets it go; the row stays, because its epoch must go on rising. */
  @Override
  public void close() {
    endRenewing();
    try (Connection connection = database.connect(applicationName);
        PreparedStatement statement =
            connection.prepareStatement(
                "UPDATE "
                    + TableName.quote(schema)
                    + ".lease SET until = clock_timestamp() WHERE run_id = ? AND until > clock_timestamp()")) {
      begin(connection);
      statement.setObject(1, runId);
      statement.executeUpdate();
      connection.commit();
    } catch (SQLException e) {
      // It runs out by itself.
    }
  }

  /** One that arrives after the lease was let go would keep it from the next run for its length. */
  private void endRenewing() {
    renewing.shutdown();
    try {
      renewing.awaitTermination(LAST_RENEWAL.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    renewing.shutdownNow();
  }

  /** Who runs this, and where, for people. */
  static String host() {
    return "%s (pid %d)".formatted(person(), ProcessHandle.current().pid());
  }

  /** The same without the process. */
  public static String person() {
    String name;
    try {
      name = InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      name = "unknown host";
    }
    return System.getProperty("user.name") + "@" + name;
  }

  /** The advisory lock of a lease: 64 bits of a digest, the same on every machine. */
  public static long lockKey(String schema, String name) {
    return ByteBuffer.wrap(Sha256.of("backfill lease " + schema + " " + name)).getLong();
  }
}
