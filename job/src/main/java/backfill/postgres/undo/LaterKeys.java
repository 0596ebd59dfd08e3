package backfill.postgres.undo;

import backfill.postgres.ledger.ChangedRows;
import backfill.postgres.ledger.KeptBatch;
import backfill.postgres.server.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

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
  static LaterKeys of(Connection connection, String schema, UndoneRun run, String target)
      throws SQLException {
    LaterKeys later = new LaterKeys();
    KeptBatch.each(
        connection,
        """
        SELECT b.run_id::pg_catalog.text, b.keys FROM %1$s.batch b JOIN %1$s.run r ON r.run_id = b.run_id
        WHERE b.target = ? AND b.keys IS NOT NULL AND r.undoes IS NULL
          AND r.started_at > (SELECT o.started_at FROM %1$s.run o WHERE o.run_id = '%2$s')
          AND NOT EXISTS (
            SELECT FROM %1$s.run u WHERE u.undoes = r.run_id AND u.status = 'succeeded'
              AND NOT EXISTS (SELECT FROM %1$s.run v WHERE v.undoes = u.run_id AND v.status = 'succeeded'))
        ORDER BY r.started_at"""
            .formatted(TableName.quote(schema), run.runId()),
        target,
        later::add);
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
