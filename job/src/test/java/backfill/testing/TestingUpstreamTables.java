package backfill.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;

/**
 * The tables of the systems that the shipped plans are for, with their names, types, constraints,
 * triggers and defaults, as SQL under {@code upstream/}: {@code coder-prebuilds}, {@code
 * coder-api-keys}, {@code gitlab-seats}, {@code gitlab-packages} and its other database {@code
 * gitlab-ci}, {@code gitea-access}, {@code gitlab-authorizations}, {@code keycloak}. All are made
 * empty.
 */
public final class TestingUpstreamTables {
  private TestingUpstreamTables() {}

  /** Makes the tables of this name in the database. */
  public static void load(TestingDatabase database, String name) throws SQLException {
    database.execute(sql(name));
  }

  /** The text of {@code upstream/NAME.sql}. */
  public static String sql(String name) {
    return resource("/upstream/" + name + ".sql");
  }

  /** The text of a resource. */
  public static String resource(String path) {
    try (InputStream in = TestingUpstreamTables.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalArgumentException("there is no resource " + path);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the resource " + path, e);
    }
  }
}
