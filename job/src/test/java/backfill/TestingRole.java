package backfill;

import java.sql.SQLException;
import java.util.Map;
import java.util.UUID;

/**
 * A superuser of a test's own, with a password that is nowhere else: whoever finds it found a leak.
 */
final class TestingRole implements AutoCloseable {
  final String name = "role_" + UUID.randomUUID().toString().replace("-", "");
  final String password = "Secret-" + UUID.randomUUID();
  private final TestingDatabase database;

  TestingRole(TestingDatabase database) throws SQLException {
    this.database = database;
    database.execute("CREATE ROLE %s LOGIN SUPERUSER PASSWORD '%s'".formatted(name, password));
  }

  /** What the job is given to log in as this role. */
  Map<String, String> environment() {
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
