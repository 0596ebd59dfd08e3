package backfill.postgres.ledger;

import backfill.postgres.server.Inquiry;
import backfill.postgres.server.Parameters;
import backfill.postgres.server.RowEvent;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.SqlState;
import backfill.postgres.server.TableName;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Enters one writer's batches in the ledger, each in the transaction of its rows. A task's second
 * attempt finds here how far the first one came, and goes on behind it.
 */
public final class BatchLedger {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final LedgerSlot slot;
  private String afterKey = "";

  public BatchLedger(LedgerSlot slot) {
    this.slot = slot;
  }

  /** For a batch behind this key. */
  public BatchLedger(LedgerSlot slot, String afterKey) {
    this.slot = slot;
    this.afterKey = afterKey;
  }

  /** What is kept of the rows that a batch changes. */
  public Keeping keeping() {
    return slot.keeping();
  }

  /** What is kept of a batch beside its counts. */
  @JsonIgnoreProperties(ignoreUnknown = true)
  record Details(
      List<List<String>> leftKeys,
      long parentsGone,
      List<List<String>> rejectedKeys,
      List<Rejection> rejections,
      Map<String, Long> cascaded,
      long lockWaitNanos,
      long throttledNanos) {
    static Details of(WriteCounts counts) {
      return new Details(
          counts.leftKeys(),
          counts.refusing().parentsGone(),
          counts.rejectedKeys(),
          counts.rejections(),
          counts.cascaded(),
          counts.lockWaitNanos(),
          counts.throttledNanos());
    }

    boolean isEmpty() {
      return leftKeys.isEmpty()
          && rejections.isEmpty()
          && cascaded.isEmpty()
          && lockWaitNanos == 0
          && throttledNanos == 0;
    }
  }

  /**
   * What a batch's first statement does for the ledger. It takes the shared side of each lease's
   * lock: a takeover takes the exclusive side, so it waits for this transaction, and every one that
   * begins after it sees the new epoch. And the server ends a transaction whose driver is frozen in
   * the middle of it, so that no one waits for its locks. Its last column is what {@link Pacing}
   * says.
   */
  public String fence(Duration statementTimeout) {
    StringBuilder columns = new StringBuilder(",");
    columns.append(
        SessionSettings.untilCommit(
            "idle_in_transaction_session_timeout", statementTimeout.toMillis() + "ms"));
    for (String name : slot.epochs().keySet().stream().sorted().toList()) {
      columns
          .append(", pg_catalog.pg_advisory_xact_lock_shared(")
          .append(Lease.lockKey(slot.schema(), name))
          .append(")::text");
    }
    return columns.append(", ").append(Pacing.column(slot)).toString();
  }

  /** What the writer may do now, asked for by itself. */
  public String pacing() {
    return "SELECT " + Pacing.column(slot);
  }

  /** Which of the step's writers this is. */
  public int partition() {
    return slot.partition();
  }

  /**
   * How many rows of this partition an earlier attempt of the same run has committed already.
   *
   * @return the last key of these, and their number
   */
  public Progress resume(Connection connection) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT coalesce(sum(rows), 0), coalesce(sum(rejected - coalesce((details ->> 'parentsGone')::int8, 0)), 0),"
                + " (SELECT last_key FROM "
                + slot.table("batch")
                + " l WHERE l.run_id = ? AND l.step = ? AND l.partition = ? AND NOT EXISTS (SELECT FROM "
                + slot.table("batch")
                + " n WHERE n.run_id = l.run_id AND n.step = l.step AND n.partition = l.partition"
                + " AND n.after_key = l.last_key)) FROM "
                + slot.table("batch")
                + " WHERE run_id = ? AND step = ? AND partition = ?")) {
      for (int i = 0; i < 2; i++) {
        statement.setObject(3 * i + 1, slot.runId());
        statement.setString(3 * i + 2, slot.step());
        statement.setInt(3 * i + 3, slot.partition());
      }
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        if (row.getString(3) != null) {
          afterKey = row.getString(3);
        }
        return new Progress(row.getLong(1), row.getLong(2), afterKey);
      }
    }
  }

  /**
   * How far a partition is written: so many rows, the last with this key.
   *
   * @param rejected how many of them a limit counts as rejected
   */
  public record Progress(long rows, long rejected, String lastKey) {}

  /** The statement that enters a batch, if the leases are ours still. */
  public String entry() {
    return "INSERT INTO "
        + slot.table("batch")
        + " (run_id, step, partition, after_key, last_key, rows, changed, kept, rejected, details, statements,"
        + " retries, target, event, first_key, final_key, keys)"
        + " SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?, ?, ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM "
        + slot.table("lease")
        + " l JOIN unnest(?::text[], ?::int8[]) AS o(name, epoch) ON l.name = o.name AND l.epoch = o.epoch"
        + " WHERE l.run_id = ?) = ?";
  }

  /** What the ledger keeps of the rows that a batch changed, beside their number. */
  public record Kept(TableName target, RowEvent event, byte[] keys, long[] bounds) {
    /** Nothing: of batches that change rows where they are. */
    public static final Kept NOTHING = new Kept(null, null, null, null);

    /** Of rows that an event happened to; null where they are not kept. */
    public static Kept of(TableName target, RowEvent event, ChangedRows rows) {
      return rows == null
          ? new Kept(target, event, null, null)
          : new Kept(target, event, PackedRows.pack(rows), rows.bounds());
    }

    /** What it takes. */
    public int bytes() {
      return keys == null ? 0 : keys.length;
    }
  }

  /**
   * Enters a batch of which nothing is kept, in the transaction that wrote it.
   *
   * @return false if another attempt of the same task has committed this batch
   * @throws FencedException if a lease is not ours any more
   */
  public boolean enter(Connection connection, WriteCounts counts, String lastKey)
      throws SQLException {
    return enter(connection, counts, Kept.NOTHING, lastKey);
  }

  /**
   * Enters a batch in the transaction that wrote it.
   *
   * @return false if another attempt of the same task has committed this batch: then nothing of
   *     ours may stay
   * @throws FencedException if a lease is not ours any more
   */
  public boolean enter(Connection connection, WriteCounts counts, Kept kept, String lastKey)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(entry())) {
      List<String> names = slot.epochs().keySet().stream().sorted().toList();
      statement.setObject(1, slot.runId());
      statement.setString(2, slot.step());
      statement.setInt(3, slot.partition());
      statement.setString(4, afterKey);
      statement.setString(5, lastKey);
      statement.setLong(6, counts.rows());
      statement.setLong(7, counts.changed());
      statement.setLong(8, counts.left());
      statement.setLong(9, counts.rejected());
      statement.setString(10, details(counts));
      statement.setLong(11, counts.statements());
      statement.setLong(12, counts.retries());
      statement.setString(13, kept.target() == null ? null : kept.target().quoted());
      statement.setString(14, kept.event() == null ? null : kept.event().name());
      statement.setObject(15, kept.bounds() == null ? null : kept.bounds()[0], Types.BIGINT);
      statement.setObject(16, kept.bounds() == null ? null : kept.bounds()[1], Types.BIGINT);
      statement.setBytes(17, kept.keys());
      statement.setArray(18, connection.createArrayOf("text", names.toArray()));
      statement.setArray(
          19, connection.createArrayOf("int8", names.stream().map(slot.epochs()::get).toArray()));
      statement.setObject(20, slot.runId());
      statement.setInt(21, names.size());
      if (statement.executeUpdate() == 0) {
        throw fenced(names);
      }
      return true;
    } catch (SQLException e) {
      if (SqlState.UNIQUE_VIOLATION.is(e)) {
        return false;
      }
      throw e;
    }
  }

  /** A key as the ledger has it: never empty, which is what stands before the first. */
  public static String text(List<String> key) {
    try {
      return JSON.writeValueAsString(key);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a key is texts", e);
    }
  }

  /** The batch is in; the next one begins behind it. */
  public void committed(String lastKey) {
    afterKey = lastKey;
  }

  /**
   * Whether this transaction has entered the batch behind the last one, and so is in. Its number
   * alone does not tell: a server that crashed before anything of a transaction reached its log
   * gives the number to another one.
   */
  public boolean entered(Connection asking, String transaction) throws SQLException {
    try (PreparedStatement statement =
        asking.prepareStatement(
            "SELECT EXISTS (SELECT FROM "
                + slot.table("batch")
                + " WHERE run_id = ? AND step = ? AND partition = ? AND after_key = ?"
                + " AND xid = ?::pg_catalog.xid8)")) {
      statement.setObject(1, slot.runId());
      statement.setString(2, slot.step());
      statement.setInt(3, slot.partition());
      statement.setString(4, afterKey);
      statement.setString(5, transaction);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  /**
   * Makes sure that the leases are still ours, in a transaction that enters no batch.
   *
   * @throws FencedException if one is not
   */
  public void check(Connection connection) throws SQLException {
    List<String> names = slot.epochs().keySet().stream().sorted().toList();
    long ours =
        Inquiry.rows(
                connection,
                "SELECT count(*) FROM "
                    + slot.table("lease")
                    + " WHERE run_id = '"
                    + slot.runId()
                    + "' AND ("
                    + String.join(" OR ", names.stream().map(this::held).toList())
                    + ")",
                row -> row.getLong(1))
            .get(0);
    if (ours < names.size()) {
      throw fenced(names);
    }
  }

  private String held(String name) {
    return "name = " + Parameters.quote(name) + " AND epoch = " + slot.epochs().get(name);
  }

  private static FencedException fenced(List<String> names) {
    return new FencedException(
        "another run has taken over the lease of "
            + String.join(", ", names)
            + "; this one writes nothing more");
  }

  private static String details(WriteCounts counts) {
    Details details = Details.of(counts);
    try {
      return details.isEmpty() ? null : LedgerJson.stored(JSON.writeValueAsString(details));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("keys and reasons are texts", e);
    }
  }

  static Details details(String json) {
    try {
      return JSON.readValue(LedgerJson.read(json), Details.class);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the ledger holds what was written there", e);
    }
  }
}
