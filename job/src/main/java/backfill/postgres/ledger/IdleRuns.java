package backfill.postgres.ledger;

import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SqlFailure;
import backfill.postgres.server.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;

/**
 * Takes old runs of a plan that changed nothing out of the ledger, so that reruns do not make it
 * grow for ever. What a later run goes by stays: the newest runs, every run that changed a row or a
 * definition, which explain and undo ask for, and one that goes on.
 */
final class IdleRuns {
  /** So that the first run on a ledger of many years is not held up at its end. */
  private static final int AT_ONCE = 1000;

  private static final String RIGHTS =
      """
      SELECT pg_catalog.has_table_privilege(?::pg_catalog.text, 'DELETE')
               AND pg_catalog.has_table_privilege(?::pg_catalog.text, 'DELETE') AS may,
             current_user AS me""";

  private static final String OLD =
      """
      WITH idle AS (
        SELECT r.run_id, pg_catalog.row_number() OVER (ORDER BY r.started_at DESC, r.run_id) AS nth
        FROM %1$s.run r WHERE r.plan = ?
          AND NOT EXISTS (SELECT FROM %1$s.batch b WHERE b.run_id = r.run_id AND b.changed > 0)
      ), old AS (
        SELECT r.run_id FROM %1$s.run r JOIN idle USING (run_id)
        WHERE idle.nth > %2$d AND r.run_id <> ?
          AND NOT EXISTS (SELECT FROM %1$s.lease l WHERE l.run_id = r.run_id AND l.until > pg_catalog.clock_timestamp())
          AND NOT EXISTS (SELECT FROM pg_catalog.jsonb_array_elements(r.report -> 'steps') s
                          WHERE s ->> 'kind' = 'ddl' AND (s ->> 'statements')::pg_catalog.int8 > 0)
        ORDER BY idle.nth DESC LIMIT %3$d""";

  private static final String FORGET =
      OLD
          + """
       FOR UPDATE OF r SKIP LOCKED
      ), batches AS (
        DELETE FROM %1$s.batch b USING old WHERE b.run_id = old.run_id
      )
      DELETE FROM %1$s.run r USING old WHERE r.run_id = old.run_id""";

  private static final String COUNT = OLD + ") SELECT pg_catalog.count(*) FROM old";

  private final String schema;
  private final String plan;
  private final UUID run;
  private final int keep;

  /**
   * @param run the one that ends now
   * @param keep how many runs of the plan that changed nothing stay
   */
  IdleRuns(String schema, String plan, UUID run, int keep) {
    this.schema = schema;
    this.plan = plan;
    this.run = run;
    this.keep = keep;
  }

  /** What the role may do here. */
  private record Rights(boolean mayDelete, String role) {}

  /**
   * Forgets those beyond the number that is kept, in the caller's transaction.
   *
   * @return why some of them stay all the same; empty where none does
   */
  Optional<String> forget(Connection connection) throws SQLException {
    String in = TableName.quote(schema);
    Rights rights =
        Inquiry.rows(
                connection,
                RIGHTS,
                row -> new Rights(row.getBoolean("may"), row.getString("me")),
                in + ".run",
                in + ".batch")
            .get(0);
    if (rights.mayDelete()) {
      try (PreparedStatement statement = connection.prepareStatement(sql(FORGET))) {
        statement.setString(1, plan);
        statement.setObject(2, run);
        statement.executeUpdate();
      }
      return Optional.empty();
    }
    long old = Inquiry.rows(connection, sql(COUNT), row -> row.getLong(1), plan, run).get(0);
    return old == 0 ? Optional.empty() : Optional.of(stays(rights.role()));
  }

  private String sql(String text) {
    return text.formatted(TableName.quote(schema), keep, AT_ONCE);
  }

  /** What is said where it did not come to it. */
  static String stay(SQLException why) {
    return "older runs that changed nothing stay in the ledger this time: "
        + SqlFailure.message(why);
  }

  private String stays(String role) {
    return "the ledger grows with each run: of runs that changed nothing it keeps %d (ledger.keep-runs), and role %s may not delete older ones; GRANT DELETE ON %3$s.run, %3$s.batch TO %4$s"
        .formatted(keep, role, TableName.quote(schema), TableName.quote(role));
  }
}
