package backfill.testing;

import java.net.URI;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/**
 * Grants to copy, as {@link TestingGrants}, and a role of their own with a password that is nowhere
 * else: whoever finds it found a leak.
 */
public final class TestingScheduledGrants implements AutoCloseable {
  private static final String ROLE = "scheduled_" + UUID.randomUUID().toString().replace("-", "");

  public final TestingGrants grants;
  public final String role;
  public final String password = "Secret-" + UUID.randomUUID();
  private final URI server;

  private TestingScheduledGrants(TestingGrants grants, String role) throws SQLException {
    this.grants = grants;
    this.role = role;
    server = URI.create(grants.database.url().substring("jdbc:".length()));
    grants.database.execute(
        "CREATE ROLE %s LOGIN SUPERUSER PASSWORD '%s'".formatted(role, password));
  }

  /** In 20 batches, of two writers. */
  public static TestingScheduledGrants create(String name) throws Exception {
    return new TestingScheduledGrants(TestingGrants.of(20, 200), ROLE + "_" + name);
  }

  /** The fields of an Airflow connection to it. */
  public Map<String, Object> connection() {
    return connection(server.getPort() < 0 ? 5432 : server.getPort());
  }

  public Map<String, Object> connection(int port) {
    return new HashMap<>(
        Map.of(
            "host", server.getHost(),
            "port", port,
            "schema", server.getPath().substring(1),
            "login", role,
            "password", password));
  }

  /** What the job is given to find it outside of Airflow. */
  public Map<String, String> environment() {
    return Map.of(
        "BACKFILL_URL", grants.database.url(),
        "BACKFILL_USER", role,
        "BACKFILL_PASSWORD", password);
  }

  @Override
  public void close() throws SQLException {
    grants.database.execute(
        "REASSIGN OWNED BY %s TO CURRENT_USER".formatted(role),
        "DROP OWNED BY %s".formatted(role),
        "DROP ROLE %s".formatted(role));
    grants.close();
  }
}
