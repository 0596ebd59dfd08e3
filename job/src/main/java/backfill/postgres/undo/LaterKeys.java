package backfill.postgres.undo;

import backfill.postgres.ledger.ChangedRows;
import backfill.postgres.ledger.KeptBatch;
import backfill.postgres.ledger.TakenBackRuns;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * The keys of one table that runs wrote after the one that is undone: a row of theirs stays. A run
 * that was itself undone, and one that undid another, wrote nothing in this sense.
 */
final class LaterKeys {
  private final Map<List<String>, String> runs = new HashMap<>();

  /** Of a run that still lasts: no later one has written its tables. */
  static LaterKeys none() {
    return new LaterKeys();
  }

  /**
   * @param target the table, quoted
   */
  static LaterKeys of(Connection connection, String schema, UUID run, String target)
      throws SQLException {
    LaterKeys later = new LaterKeys();
    TakenBackRuns undone = TakenBackRuns.of(connection, schema);
    String standing =
        Inquiry.rows(
                connection,
                """
                SELECT run_id FROM %1$s.run WHERE undoes IS NULL
                  AND started_at > (SELECT o.started_at FROM %1$s.run o WHERE o.run_id = '%2$s')"""
                    .formatted(TableName.quote(schema), run),
                row -> row.getObject(1, UUID.class))
            .stream()
            .filter(other -> !undone.contains(other))
            .map(other -> "'" + other + "'")
            .collect(Collectors.joining(", "));
    if (!standing.isEmpty()) {
      KeptBatch.each(
          connection,
          """
          SELECT b.run_id::pg_catalog.text, b.keys FROM %1$s.batch b JOIN %1$s.run r ON r.run_id = b.run_id
          WHERE b.target = ? AND b.keys IS NOT NULL AND b.run_id IN (%2$s)
          ORDER BY r.started_at"""
              .formatted(TableName.quote(schema), standing),
          target,
          later::add);
    }
    return later;
  }

  private void add(String runId, ChangedRows rows) {
    for (int row = 0; row < rows.size(); row++) {
      runs.put(rows.key(row), runId);
    }
  }

  /** The last run that wrote the row of this key; null where none did. */
  String runOf(List<String> key) {
    return runs.get(key);
  }
}
