package backfill.postgres.write;

import backfill.plan.Settings;
import backfill.postgres.catalog.Headroom;
import backfill.postgres.catalog.Table;
import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.SqlFailure;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Whether the sequences of a target have a value for each row that a step is about to add: asked
 * once that is counted, because only for some steps of pairs preflight can tell before.
 */
public final class SequenceRoom {
  private SequenceRoom() {}

  /**
   * What the step would do that does not fit, beginning with a verb; empty if all fits.
   *
   * @param written columns that the step's own statement fills
   * @throws IllegalStateException with what the server said
   */
  public static List<String> lacking(
      Database database,
      String applicationName,
      Settings settings,
      Table table,
      Collection<String> written,
      long rows) {
    try (Connection connection = database.connect(applicationName);
        Inquiry inquiry =
            new Inquiry(connection, settings.lockTimeout(), settings.write().retryFor())) {
      return inquiry.ask(asked -> Headroom.of(asked, table, written)).stream()
          .map(headroom -> headroom.lacking(rows))
          .flatMap(Optional::stream)
          .toList();
    } catch (SQLException e) {
      throw new IllegalStateException(
          "cannot ask what the sequences of "
              + table.name()
              + " have left: "
              + SqlFailure.message(e),
          e);
    }
  }
}
