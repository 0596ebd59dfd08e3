package backfill.postgres.undo;

import backfill.postgres.server.Inquiry;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * The run that is to be taken back, as the ledger has it.
 *
 * @param startedAt the server's time, as it writes it
 * @param keysPruned when its keys were forgotten, or null
 * @param definitions names of its steps that changed definitions, which no one takes back
 * @param hooks when its plan had a command called; none where its report does not say
 */
public record UndoneRun(
    UUID runId,
    String plan,
    String planHash,
    String status,
    String startedAt,
    String keysPruned,
    List<String> definitions,
    List<String> hooks) {

  /** So much of a run's number is asked for at least. */
  private static final int SHORTEST = 8;

  private static final Pattern BEGINNING = Pattern.compile("[0-9a-f][0-9a-f-]*");

  /** Whether a text can be a run's number, or its beginning. */
  public static boolean isNumber(String given) {
    return given.length() >= SHORTEST
        && BEGINNING.matcher(given.toLowerCase(Locale.ROOT)).matches();
  }

  /**
   * Finds the run by its number, or by the beginning of it.
   *
   * @throws NotReadyException if there is none, or more than one
   */
  static UndoneRun find(Connection connection, String schema, String given) throws SQLException {
    List<UndoneRun> found =
        Inquiry.rows(
            connection,
            """
            SELECT run_id, plan, plan_hash, status, started_at::pg_catalog.text AS started,
                   keys_pruned::pg_catalog.timestamptz(0)::pg_catalog.text AS pruned,
                   ARRAY(SELECT s ->> 'name' FROM pg_catalog.jsonb_array_elements(report -> 'steps') AS s
                         WHERE s ->> 'kind' = 'ddl' AND s ->> 'status' = 'done') AS definitions,
                   ARRAY(SELECT h FROM pg_catalog.jsonb_path_query(report, '$.hooks[*]') AS j, LATERAL (SELECT j #>> '{}') AS t (h))
                     AS hooks
            FROM %s.run WHERE pg_catalog.starts_with(run_id::pg_catalog.text, ?)
            ORDER BY started_at DESC LIMIT 2"""
                .formatted(TableName.quote(schema)),
            row ->
                new UndoneRun(
                    row.getObject("run_id", UUID.class),
                    row.getString("plan"),
                    row.getString("plan_hash"),
                    row.getString("status"),
                    row.getString("started"),
                    row.getString("pruned"),
                    List.of((String[]) row.getArray("definitions").getArray()),
                    List.of((String[]) row.getArray("hooks").getArray())),
            given.toLowerCase(Locale.ROOT));
    if (found.isEmpty()) {
      throw new NotReadyException(
          List.of(
              "the ledger in schema %s has no run %s; backfill status lists the newest"
                  .formatted(schema, given)));
    }
    if (found.size() > 1) {
      throw new NotReadyException(
          List.of(
              "more than one run of the ledger in schema %s begins with %s; give more of its number"
                  .formatted(schema, given)));
    }
    return found.get(0);
  }
}
