package backfill.postgres.throttle;

import backfill.postgres.ledger.Asked;
import backfill.postgres.ledger.Lease;
import backfill.postgres.ledger.LedgerStatus;
import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.SessionSettings;
import backfill.postgres.server.SqlState;
import backfill.postgres.server.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/**
 * What a person asks of a running run: to pause, to go on, or to write so many rows a second. It is
 * entered in the run's row of the ledger, where every writer reads it with its next batch.
 *
 * @param kind pause, unpause or pace
 * @param rowsPerSecond a number or {@link Asked#OFF}; null for the other two
 * @param by a name in addition to the operating system's and the server's, or null
 */
public record PaceRequest(Kind kind, String rowsPerSecond, String by) {
  private static final String RUNNING =
      """
      SELECT r.run_id::text, r.plan FROM %1$s.run r
      WHERE r.status = 'running'
        AND EXISTS (SELECT FROM %1$s.lease l WHERE l.run_id = r.run_id AND l.until > pg_catalog.clock_timestamp())
      ORDER BY r.started_at DESC""";

  private static final String ASK =
      """
      UPDATE %s.run r SET asked = coalesce(r.asked, '{}'::pg_catalog.jsonb) || %s
        || pg_catalog.jsonb_build_object('log', coalesce(r.asked -> 'log', '[]'::pg_catalog.jsonb)
             || pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
                  'asked', ?::pg_catalog.text, 'rowsPerSecond', ?::pg_catalog.text,
                  'by', n.by, 'at', n.at)))
      FROM (SELECT ?::pg_catalog.text || ', role ' || current_user AS by,
                   pg_catalog.clock_timestamp()::pg_catalog.timestamptz(0)::pg_catalog.text AS at) n
      WHERE r.run_id = ?::pg_catalog.uuid AND r.status = 'running'
      RETURNING n.by, n.at""";

  /** What can be asked. */
  public enum Kind {
    PAUSE("pause", "pg_catalog.jsonb_build_object('paused', true, 'pausedBy', n.by)"),
    UNPAUSE("unpause", "pg_catalog.jsonb_build_object('paused', false, 'pausedBy', n.by)"),
    PACE(
        "pace",
        "pg_catalog.jsonb_build_object('rowsPerSecond', ?::pg_catalog.text, 'pacedBy', n.by)");

    private final String word;
    private final String change;

    Kind(String word, String change) {
      this.word = word;
      this.change = change;
    }

    @Override
    public String toString() {
      return word;
    }
  }

  /**
   * What was entered.
   *
   * @param runId of the run that it holds for
   * @param by who asked, as the ledger has it
   * @param at the server's time
   */
  public record Entered(String asked, String runId, String rowsPerSecond, String by, String at) {}

  private record Running(String runId, String plan) {}

  /**
   * Enters it.
   *
   * @throws NotReadyException if there is no ledger, or no run of this plan is running
   */
  public Entered enter(Database database, String schema, String plan) {
    try (Connection connection = database.connectOrSayWhy("backfill pace")) {
      connection.setAutoCommit(false);
      SessionSettings.begin(connection);
      List<Running> running =
          Inquiry.rows(
              connection,
              RUNNING.formatted(TableName.quote(schema)),
              row -> new Running(row.getString(1), row.getString(2)));
      Running run =
          running.stream()
              .filter(each -> each.plan().equals(plan))
              .findFirst()
              .orElseThrow(() -> none(plan, running));
      Entered entered = enter(connection, schema, run);
      connection.commit();
      return entered;
    } catch (SQLException e) {
      if (SqlState.UNDEFINED_COLUMN.is(e)) {
        throw notReady(
            "the ledger of %s is that of an earlier version, whose runs have no pace"
                .formatted(database));
      }
      if (SqlState.INSUFFICIENT_PRIVILEGE.is(e)) {
        throw notReady(
            "no right to write the ledger of %s; GRANT USAGE ON SCHEMA %s and SELECT, UPDATE ON ALL TABLES IN SCHEMA %s"
                .formatted(database, TableName.quote(schema), TableName.quote(schema)));
      }
      throw LedgerStatus.unreadable(e, schema, database);
    }
  }

  private Entered enter(Connection connection, String schema, Running run) throws SQLException {
    String sql = ASK.formatted(TableName.quote(schema), kind.change);
    String[] values =
        kind == Kind.PACE
            ? new String[] {rowsPerSecond, kind.word, rowsPerSecond, who(), run.runId()}
            : new String[] {kind.word, null, who(), run.runId()};
    try (var statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setString(i + 1, values[i]);
      }
      try (var row = statement.executeQuery()) {
        if (!row.next()) {
          throw none(run.plan(), List.of());
        }
        return new Entered(
            kind.word, run.runId(), rowsPerSecond, row.getString(1), row.getString(2));
      }
    }
  }

  private static NotReadyException none(String plan, List<Running> running) {
    return notReady(
        "no run of plan %s is running; %s"
            .formatted(
                plan,
                running.isEmpty()
                    ? "nor is one of another plan: status shows how the newest runs ended"
                    : "what runs is "
                        + String.join(
                            ", ",
                            running.stream()
                                .map(run -> run.plan() + " (run " + run.runId() + ")")
                                .toList())));
  }

  private static NotReadyException notReady(String reason) {
    return new NotReadyException(List.of(reason));
  }

  private String who() {
    return by == null ? Lease.person() : by + ", " + Lease.person();
  }
}
