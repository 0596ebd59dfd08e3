package backfill.postgres.catalog;

import backfill.postgres.server.Database;
import backfill.postgres.server.Inquiry;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/** Tables as the catalog has them, for tests in other packages. */
public final class TestingTables {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private TestingTables() {}

  /** The table of this name. */
  public static Table table(Database database, String name) throws SQLException {
    try (Connection connection = database.connect("test");
        Inquiry inquiry = new Inquiry(connection, SECOND, SECOND)) {
      return new NameLookup(inquiry).find("test", name, new Findings()).orElseThrow();
    }
  }
}
