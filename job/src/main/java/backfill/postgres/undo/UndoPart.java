package backfill.postgres.undo;

import backfill.postgres.ledger.ChangedRows;
import backfill.postgres.ledger.KeptBatch;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.RowEvent;
import backfill.postgres.server.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One of the writes of a run: what it did to the rows of one table.
 *
 * @param entry the ledger's name of it, which begins with the step's
 * @param target the table, quoted; null for rows that were changed where they are
 * @param event what happened to the rows; null likewise
 * @param changed how many rows
 * @param without of these, those of which the ledger keeps nothing
 * @param imaged whether what rows held before is kept
 */
record UndoPart(
    String entry, String target, RowEvent event, long changed, long without, boolean imaged) {

  /** Those of a run, the last one first. */
  static List<UndoPart> of(Connection connection, String schema, UndoneRun run)
      throws SQLException {
    List<UndoPart> parts =
        Inquiry.rows(
            connection,
            """
            SELECT step, target, event, sum(changed)::pg_catalog.int8 AS changed,
                   coalesce(sum(changed) FILTER (WHERE keys IS NULL), 0)::pg_catalog.int8 AS without
            FROM %s.batch WHERE run_id = '%s' AND changed > 0
            GROUP BY step, target, event ORDER BY max(xid::pg_catalog.text::pg_catalog.int8) DESC"""
                .formatted(TableName.quote(schema), run.runId()),
            row ->
                new UndoPart(
                    row.getString("step"),
                    row.getString("target"),
                    Optional.ofNullable(row.getString("event")).map(RowEvent::valueOf).orElse(null),
                    row.getLong("changed"),
                    row.getLong("without"),
                    false));
    List<UndoPart> looked = new ArrayList<>();
    for (UndoPart part : parts) {
      looked.add(part.looked(connection, schema, run));
    }
    return looked;
  }

  private UndoPart looked(Connection connection, String schema, UndoneRun run) throws SQLException {
    boolean has =
        KeptBatch.any(connection, schema, run.runId(), entry)
            .filter(ChangedRows::imaged)
            .isPresent();
    return new UndoPart(entry, target, event, changed, without, has);
  }

  /** Why rows of it cannot be taken back; empty if all can. */
  Optional<String> cannot(UndoneRun run) {
    String rows = (changed == 1 ? "1 row" : changed + " rows");
    if (event == null) {
      return Optional.of(
          "step %s changed %s where they are, and keeps no keys of them".formatted(entry, rows));
    }
    if (event != RowEvent.INSERT && !imaged && without < changed) {
      return Optional.of(
          "step %s %s %s, and what they held before was not kept; undo = on keeps it"
              .formatted(entry, event == RowEvent.UPDATE ? "set" : "deleted", rows));
    }
    if (without > 0) {
      return Optional.of(
          "step %s: of %s the ledger keeps no keys; %s"
              .formatted(
                  entry,
                  without == changed ? rows : without + " of " + rows,
                  run.keysPruned() == null
                      ? "ledger.keys was off, or they took more than ledger.keys-bytes"
                      : "they were forgotten at " + run.keysPruned()));
    }
    return Optional.empty();
  }

  /** Whether there are rows that can be taken back. */
  boolean can() {
    return event != null && without < changed && (event == RowEvent.INSERT || imaged);
  }
}
