package backfill.postgres.ledger;

import backfill.postgres.ledger.ChangedRows.Kept;
import backfill.postgres.ledger.ChangedRows.Role;
import backfill.postgres.server.RowEvent;
import backfill.postgres.server.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** What the runs of a ledger did to the row of one key. */
public final class KeyHistory {
  private KeyHistory() {}

  /**
   * One thing that happened to the row.
   *
   * @param step the ledger's name of the write, which begins with the step's
   * @param committedAt the server's time, as it writes it
   * @param labels an object of JSON
   * @param approval who approved what, as an object of JSON, or null
   * @param undoes the run that this one undid, or null
   */
  public record Happened(
      UUID runId,
      String plan,
      String step,
      RowEvent event,
      String committedAt,
      String labels,
      String approval,
      UUID undoes) {}

  /**
   * The events of one key, the first one first. A batch is opened only where the key lies within
   * its bounds, which are known for integers.
   *
   * @param schema of the ledger
   * @param key column to the value as the server writes it
   */
  public static List<Happened> of(
      Connection connection, String schema, TableName target, Map<String, String> key)
      throws SQLException {
    List<Happened> happened = new ArrayList<>();
    String in = TableName.quote(schema);
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            SELECT b.run_id, r.plan, b.step, b.event, b.committed_at::pg_catalog.text AS committed_at,
                   r.labels::pg_catalog.text AS labels, r.approval::pg_catalog.text AS approval, r.undoes, b.keys
            FROM %1$s.batch b JOIN %1$s.run r ON r.run_id = b.run_id
            WHERE b.target = ? AND b.keys IS NOT NULL
              AND (b.first_key IS NULL OR EXISTS (
                SELECT FROM pg_catalog.unnest(?::pg_catalog.int8[]) AS k(v) WHERE k.v BETWEEN b.first_key AND b.final_key))
            ORDER BY b.committed_at, b.xid"""
                .formatted(in))) {
      statement.setString(1, target.quoted());
      statement.setArray(2, connection.createArrayOf("int8", integers(key)));
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          if (names(PackedRows.unpack(row.getBytes("keys")), key)) {
            happened.add(
                new Happened(
                    row.getObject("run_id", UUID.class),
                    row.getString("plan"),
                    row.getString("step"),
                    RowEvent.valueOf(row.getString("event")),
                    row.getString("committed_at"),
                    row.getString("labels"),
                    row.getString("approval"),
                    row.getObject("undoes", UUID.class)));
          }
        }
      }
    }
    return happened;
  }

  /** The integers among a key's values: one of them is that of the column with bounds. */
  private static Object[] integers(Map<String, String> key) {
    return key.values().stream()
        .filter(value -> value != null && value.matches("-?[0-9]{1,18}"))
        .map(Long::valueOf)
        .toArray();
  }

  private static boolean names(ChangedRows rows, Map<String, String> key) {
    List<Kept> columns = rows.columns(Role.KEY);
    if (columns.size() != key.size()
        || !columns.stream().allMatch(column -> key.containsKey(column.name()))) {
      return false;
    }
    for (int row = 0; row < rows.size(); row++) {
      int at = row;
      if (columns.stream()
          .allMatch(column -> String.valueOf(column.text(at)).equals(key.get(column.name())))) {
        return true;
      }
    }
    return false;
  }
}
