package backfill.testing;

import java.sql.SQLException;
import java.util.Map;
import java.util.UUID;

/** A role of a test's own, with a password that is nowhere else: where it is found is a leak. */
public final class TestingRole implements AutoCloseable {
  public final String name = "role_" + UUID.randomUUID().toString().replace("-", "");
  public final String password = "Secret-" + UUID.randomUUID();
  private final TestingDatabase database;

  private TestingRole(TestingDatabase database, String attributes) throws SQLException {
    this.database = database;
    database.execute("CREATE ROLE %s LOGIN %s PASSWORD '%s'".formatted(name, attributes, password));
  }

  public static TestingRole superuser(TestingDatabase database) throws SQLException {
    return new TestingRole(database, "SUPERUSER");
  }

  /** One that has no right but what everyone has. */
  public static TestingRole plain(TestingDatabase database) throws SQLException {
    return new TestingRole(database, "");
  }

  /** What the job is given to log in as this role. */
  public Map<String, String> environment() {
    return Map.of(
        "BACKFILL_URL", database.url(), "BACKFILL_USER", name, "BACKFILL_PASSWORD", password);
  }

  @Override
  public void close() throws SQLException {
    database.execute(
        "REASSIGN OWNED BY %s TO CURRENT_USER".formatted(name),
        "DROP OWNED BY %s".formatted(name),
        "DROP ROLE %s".formatted(name));
  }
}
