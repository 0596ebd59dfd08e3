package backfill.postgres.ledger;

import backfill.postgres.server.Inquiry;
import backfill.postgres.server.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Which runs of a ledger are taken back, by runs that were not taken back in their turn. */
public final class TakenBackRuns {
  private final Map<UUID, List<UUID>> undoing = new HashMap<>();

  private TakenBackRuns() {}

  /** One run that took rows of another one back, and came to its end. */
  private record Undoing(UUID run, UUID undoes) {}

  /** Those of the ledger in this schema. */
  public static TakenBackRuns of(Connection connection, String schema) throws SQLException {
    TakenBackRuns undone = new TakenBackRuns();
    for (Undoing each :
        Inquiry.rows(
            connection,
            """
            SELECT run_id, undoes FROM %1$s.run r WHERE undoes IS NOT NULL AND status = ?
              AND EXISTS (SELECT FROM %1$s.batch b WHERE b.run_id = r.run_id AND b.changed > 0)"""
                .formatted(TableName.quote(schema)),
            row -> new Undoing(row.getObject(1, UUID.class), row.getObject(2, UUID.class)),
            RunStatus.SUCCEEDED.toString())) {
      undone.undoing.computeIfAbsent(each.undoes(), run -> new ArrayList<>()).add(each.run());
    }
    return undone;
  }

  /** Whether what it wrote is taken back now. */
  public boolean contains(UUID run) {
    return undoing.getOrDefault(run, List.of()).stream().anyMatch(other -> !contains(other));
  }
}
