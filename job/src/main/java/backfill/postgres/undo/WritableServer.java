package backfill.postgres.undo;

import backfill.plan.Settings;
import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.server.Server;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/**
 * Makes sure that a server takes writes before anything is taken back there: a role whose
 * transactions begin as READ ONLY has dry runs only.
 */
public final class WritableServer {
  private WritableServer() {}

  /**
   * @throws NotReadyException saying why it takes none
   */
  public static void check(Database database, String applicationName, Settings settings)
      throws SQLException {
    try (Inquiry inquiry =
        new Inquiry(
            database.connect(applicationName),
            settings.lockTimeout(),
            settings.write().retryFor())) {
      Optional<String> reason =
          Server.of(inquiry, database.address()).unwritable(database.prefix() + "_URL");
      if (reason.isPresent()) {
        throw new NotReadyException(List.of(database.address() + ": " + reason.get()));
      }
    }
  }
}
