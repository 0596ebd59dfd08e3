package backfill.postgres.ledger;

import backfill.postgres.server.ConnectionFailure;
import backfill.postgres.server.Database;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.SqlState;
import backfill.postgres.server.TableName;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** The ledger for people: its runs, newest first, with what their batches have written so far. */
public final class LedgerStatus {
  private static final String RUNS =
      """
      SELECT r.run_id, r.plan, r.status, r.host, r.started_at::timestamptz(0)::text AS started,
             coalesce(sum(b.rows), 0) AS rows, coalesce(sum(b.changed), 0) AS changed,
             coalesce(sum(b.rejected), 0) AS rejected,
             coalesce((SELECT sum((s ->> 'foreign')::int8) FROM jsonb_array_elements(r.report -> 'steps') s), 0) AS foreign_rows,
             coalesce(max(b.committed_at)::timestamptz(0)::text, '') AS last_commit,
             coalesce((sum(b.rows) * 1000.0 / nullif((
                         SELECT sum((s -> 'stages' ->> 'write')::int8) FROM jsonb_array_elements(r.report -> 'steps') s
                         WHERE s ->> 'kind' <> 'ddl'), 0))::int8,
                      CASE WHEN max(b.committed_at) - min(b.committed_at) >= interval '1 s'
                           THEN (sum(b.rows) FILTER (WHERE b.after_key <> '')
                                 / extract(epoch FROM max(b.committed_at) - min(b.committed_at)))::int8 END)
               AS rows_per_second,
             coalesce((SELECT n.step FROM %1$s.batch n WHERE n.run_id = r.run_id
                       ORDER BY n.committed_at DESC LIMIT 1), '') AS step,
             r.undoes,
             CASE WHEN r.status = 'running' THEN (pg_catalog.to_jsonb(r) -> 'asked')::text END AS asked,
             CASE WHEN r.status = 'running' THEN (pg_catalog.to_jsonb(r) -> 'pace')::text END AS pace,
             CASE WHEN r.status = 'running' THEN
               (SELECT sum(p.rows) FROM %1$s.batch p WHERE p.run_id = r.run_id
                  AND (p.step = pg_catalog.to_jsonb(r) -> 'pace' ->> 'step'
                       OR pg_catalog.starts_with(p.step, (pg_catalog.to_jsonb(r) -> 'pace' ->> 'step') || ' '))) END AS of_step,
             CASE WHEN r.status = 'running' THEN
               (SELECT sum(p.rows) / 10.0 FROM %1$s.batch p WHERE p.run_id = r.run_id
                  AND p.committed_at > pg_catalog.clock_timestamp() - interval '10 s') END AS of_late,
             EXISTS (SELECT FROM %1$s.lease l WHERE l.run_id = r.run_id AND l.until > clock_timestamp()) AS alive
      FROM %1$s.run r LEFT JOIN %1$s.batch b ON b.run_id = r.run_id
      WHERE ?::text IS NULL OR r.plan = ?
      GROUP BY r.run_id
      ORDER BY r.started_at DESC
      LIMIT 20""";

  private LedgerStatus() {}

  /**
   * One run.
   *
   * @param status as the run entered it; {@code lost} for one that says it runs, and whose lease
   *     has run out
   * @param step the one that its newest batch belongs to, or empty
   * @param lastCommit the server's time of the newest batch, or empty
   * @param rowsPerSecond while it wrote; of a run that writes now, of late; of one that never
   *     ended, since each writer's first commit. Null where that is too short to tell
   * @param undoing whether it took another run back, or was taken back itself
   */
  public record Run(
      @JsonUnwrapped Began began,
      String status,
      String step,
      @JsonUnwrapped Counts counts,
      String lastCommit,
      Long rowsPerSecond,
      @JsonUnwrapped Undoing undoing,
      @JsonUnwrapped HeldRun held) {}

  /**
   * Whether a run took another one back, or was taken back itself.
   *
   * @param undoes the number of the other run, or null
   * @param undone whether a run took it back, and was not taken back in its turn
   */
  public record Undoing(String undoes, boolean undone) {}

  /** Which run it is. */
  public record Began(String runId, String plan, String host, String started) {}

  /**
   * What a run's batches did.
   *
   * @param changed rows that they added or set
   * @param foreign rows that the run left to those who hold their keys, as the report of its end
   *     says
   */
  public record Counts(long rows, long changed, long rejected, long foreign) {}

  /**
   * @param plan a plan's name, or null for all
   * @throws NotReadyException if there is no ledger, or the server does not answer
   */
  public static List<Run> of(Database database, String schema, String plan) {
    try (Connection connection = database.connectOrSayWhy("backfill status");
        PreparedStatement statement =
            connection.prepareStatement(RUNS.formatted(TableName.quote(schema)))) {
      connection.setAutoCommit(false);
      SessionSettings.begin(connection);
      TakenBackRuns undone = TakenBackRuns.of(connection, schema);
      statement.setString(1, plan);
      statement.setString(2, plan);
      List<Run> runs = new ArrayList<>();
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          runs.add(run(row, undone));
        }
      }
      return runs;
    } catch (SQLException e) {
      throw unreadable(e, schema, database);
    }
  }

  /** Why the ledger could not be read, with the right that is missing. */
  public static NotReadyException unreadable(SQLException e, String schema, Database database) {
    return new NotReadyException(
        List.of(why(e, schema, database)), ConnectionFailure.passing(e.getSQLState()), e);
  }

  private static String why(SQLException e, String schema, Database database) {
    String quoted = TableName.quote(schema);
    if (SqlState.UNDEFINED_TABLE.is(e)) {
      return "there is no ledger in schema %s of %s; no run has kept one yet"
          .formatted(schema, database);
    }
    if (SqlState.INSUFFICIENT_PRIVILEGE.is(e)) {
      return "no right to read the ledger of %s; GRANT USAGE ON SCHEMA %s and SELECT ON ALL TABLES IN SCHEMA %s"
          .formatted(database, quoted, quoted);
    }
    return "cannot read the ledger of " + database + ": " + ConnectionFailure.oneLine(e);
  }

  private static Run run(ResultSet row, TakenBackRuns undone) throws SQLException {
    String status = row.getString("status");
    boolean writes = row.getBoolean("alive") && row.getString("pace") != null;
    Long rowsPerSecond =
        writes ? (Long) row.getLong("of_late") : row.getObject("rows_per_second", Long.class);
    return new Run(
        new Began(
            row.getString("run_id"),
            row.getString("plan"),
            row.getString("host"),
            row.getString("started")),
        status.equals(RunStatus.RUNNING.toString()) && !row.getBoolean("alive")
            ? RunStatus.LOST.toString()
            : status,
        row.getString("step"),
        new Counts(
            row.getLong("rows"),
            row.getLong("changed"),
            row.getLong("rejected"),
            row.getLong("foreign_rows")),
        row.getString("last_commit"),
        rowsPerSecond,
        new Undoing(row.getString("undoes"), undone.contains(row.getObject("run_id", UUID.class))),
        row.getBoolean("alive") ? HeldRun.of(row, rowsPerSecond) : HeldRun.NOTHING);
  }
}
