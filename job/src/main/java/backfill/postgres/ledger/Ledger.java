package backfill.postgres.ledger;

import backfill.postgres.server.Database;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * One run's part of the ledger, as its driver keeps it: the run's row, and the sums over its
 * batches. One connection serves for all of it, and is opened anew where it was cut. Used by one
 * thread.
 */
final class Ledger implements AutoCloseable {
  private static final int ANSWERS_WITHIN_SECONDS = 10;

  private final Database database;
  private final String applicationName;
  private final String schema;
  private final UUID runId;
  private Connection connection;

  Ledger(Database database, String applicationName, String schema, UUID runId) {
    this.database = database;
    this.applicationName = applicationName;
    this.schema = schema;
    this.runId = runId;
  }

  /**
   * Creates what is missing of its tables, and of their columns. Two runs that do so at once wait
   * for each other.
   */
  void create() throws SQLException {
    if (exists()) {
      return;
    }
    Connection own = open();
    own.setAutoCommit(false);
    SessionSettings.begin(own);
    try (Statement statement = own.createStatement()) {
      // IF NOT EXISTS is no protection against a session that creates it at the same moment.
      statement.execute(
          "SELECT pg_catalog.pg_advisory_xact_lock(" + Lease.lockKey(schema, "create") + ")");
      for (String sql : LedgerTables.create(schema)) {
        statement.execute(sql);
      }
    }
    own.commit();
    own.setAutoCommit(true);
  }

  private Connection open() throws SQLException {
    if (connection != null && !connection.isValid(ANSWERS_WITHIN_SECONDS)) {
      close();
    }
    if (connection == null) {
      connection = database.connect(applicationName);
    }
    return connection;
  }

  /** Begins a transaction where the session has no settings of its own; else each is its own. */
  private Connection begin() throws SQLException {
    Connection own = open();
    if (SessionSettings.isPooled(own)) {
      own.setAutoCommit(false);
      own.rollback(); // of a statement that failed
      SessionSettings.begin(own);
    }
    return own;
  }

  private static void commit(Connection own) throws SQLException {
    if (!own.getAutoCommit()) {
      own.commit();
    }
  }

  private boolean exists() throws SQLException {
    Connection own = begin();
    try (PreparedStatement statement =
        own.prepareStatement(
            "SELECT count(*) = 3 AND count(*) FILTER (WHERE EXISTS (SELECT FROM pg_catalog.pg_attribute a"
                + " WHERE a.attrelid = c.oid AND a.attname IN ('keys', 'pace') AND NOT a.attisdropped)) = 2"
                + " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
                + " WHERE n.nspname = ? AND c.relkind = 'r' AND c.relname IN ('run', 'batch', 'lease')")) {
      statement.setString(1, schema);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        boolean there = row.getBoolean(1);
        commit(own);
        return there;
      }
    }
  }

  /** Enters the run. */
  void begin(RunLedger.Beginning run) throws SQLException {
    Connection own = begin();
    try (PreparedStatement statement =
        own.prepareStatement(
            "INSERT INTO "
                + table("run")
                + " (run_id, plan, plan_hash, now, labels, status, host, undoes)"
                + " VALUES (?, ?, ?, coalesce(?::timestamptz, clock_timestamp()), ?::jsonb, 'running', ?, ?)")) {
      statement.setObject(1, runId);
      statement.setString(2, run.plan());
      statement.setString(3, run.planHash());
      statement.setString(4, run.now());
      statement.setString(5, run.labelsJson());
      statement.setString(6, Lease.host());
      statement.setObject(7, run.undoes(), Types.OTHER);
      statement.executeUpdate();
      commit(own);
    }
  }

  /** Enters what approved the run, as an object. */
  void approved(String approvalJson) throws SQLException {
    Connection own = begin();
    try (PreparedStatement statement =
        own.prepareStatement(
            "UPDATE " + table("run") + " SET approval = ?::jsonb WHERE run_id = ?")) {
      statement.setString(1, LedgerJson.stored(approvalJson));
      statement.setObject(2, runId);
      statement.executeUpdate();
      commit(own);
    }
  }

  /** Enters how the run ended. */
  void end(RunStatus status, String reportJson) throws SQLException {
    Connection own = begin();
    try (PreparedStatement statement =
        own.prepareStatement(
            "UPDATE "
                + table("run")
                + " SET status = ?, ended_at = clock_timestamp(), report = ?::jsonb WHERE run_id = ?")) {
      statement.setString(1, status.toString());
      statement.setString(2, LedgerJson.stored(reportJson));
      statement.setObject(3, runId);
      statement.executeUpdate();
      commit(own);
    }
  }

  /**
   * Takes older runs of the plan that changed nothing out of it.
   *
   * @return why some of them stay all the same
   */
  Optional<String> forget(String plan, int keep, Duration lockTimeout) throws SQLException {
    Connection own = open();
    own.setAutoCommit(false);
    try (Statement limit = own.createStatement()) {
      SessionSettings.begin(own);
      limit.execute("SET LOCAL lock_timeout = " + lockTimeout.toMillis());
      Optional<String> stays = new IdleRuns(schema, plan, runId, keep).forget(own);
      own.commit();
      return stays;
    } finally {
      own.rollback();
      own.setAutoCommit(true);
    }
  }

  /** What a step's writers need; {@link LedgerSlot#forPartition} makes it one writer's. */
  LedgerSlot slot(String step, Lease lease) {
    return new LedgerSlot(schema, runId, step, -1, Map.copyOf(lease.epochs()));
  }

  /** What the batches of a step that are in the ledger did, and so are in the table. */
  WriteCounts counts(String step) throws SQLException {
    WriteCounts counts = WriteCounts.NONE;
    Connection own = begin();
    try (PreparedStatement statement =
        own.prepareStatement(
            "SELECT rows, changed, kept, rejected, details, statements, retries FROM "
                + table("batch")
                + " WHERE run_id = ? AND step = ? ORDER BY partition, committed_at")) {
      statement.setObject(1, runId);
      statement.setString(2, step);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          counts = counts.plus(batch(row));
        }
      }
      commit(own);
    }
    return counts;
  }

  /** What is kept of the rows that a step changed, by all of its entries. */
  KeptBytes keptBytes(String step) throws SQLException {
    Connection own = begin();
    try (PreparedStatement statement =
        own.prepareStatement(
            "SELECT coalesce(sum(octet_length(keys)), 0)::int8,"
                + " coalesce(sum(changed) FILTER (WHERE keys IS NULL), 0)::int8 FROM "
                + table("batch")
                + " WHERE run_id = ? AND (step = ? OR step LIKE ? ESCAPE '!')")) {
      statement.setObject(1, runId);
      statement.setString(2, step);
      statement.setString(3, step + " %");
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        KeptBytes kept = new KeptBytes(row.getLong(1), row.getLong(2));
        commit(own);
        return kept;
      }
    }
  }

  /** Table to rows that went along with those of a step's batches. */
  Map<String, Long> cascaded(String step) throws SQLException {
    Map<String, Long> cascaded = new TreeMap<>();
    Connection own = begin();
    try (PreparedStatement statement =
        own.prepareStatement(
            "SELECT c.key, sum(c.value::int8)::int8 FROM "
                + table("batch")
                + " b, jsonb_each_text(b.details -> 'cascaded') AS c"
                + " WHERE b.run_id = ? AND b.step = ? GROUP BY c.key")) {
      statement.setObject(1, runId);
      statement.setString(2, step);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          cascaded.put(row.getString(1), row.getLong(2));
        }
      }
      commit(own);
    }
    return cascaded;
  }

  private static WriteCounts batch(ResultSet row) throws SQLException {
    String json = row.getString("details");
    BatchLedger.Details details =
        json == null ? BatchLedger.Details.of(WriteCounts.NONE) : BatchLedger.details(json);
    return new WriteCounts(
        row.getLong("rows"),
        row.getLong("changed"),
        new WriteCounts.Leaving(row.getLong("kept"), details.leftKeys()),
        new WriteCounts.Refusing(
            row.getLong("rejected"),
            details.parentsGone(),
            details.rejectedKeys(),
            details.rejections()),
        details.cascaded(),
        new WriteCounts.Effort(
            row.getLong("statements"),
            row.getLong("retries"),
            details.lockWaitNanos(),
            details.throttledNanos()),
        true);
  }

  @Override
  public void close() {
    Connection open = connection;
    connection = null;
    if (open != null) {
      try {
        open.close();
      } catch (SQLException e) {
        // The server sees the end of the connection either way.
      }
    }
  }

  private String table(String name) {
    return TableName.quote(schema) + "." + name;
  }
}
