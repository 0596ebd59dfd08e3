package backfill.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * A plan that reads two databases and writes pairs and rows, by a role whose password is then
 * looked for in whatever comes of it.
 */
public final class TestingSecretPlan implements AutoCloseable {
  /** Short, so that a dump in lines of 16 bytes shows it in one of them. */
  public static final String PASSWORD = "Zq7xV";

  public final TestingDatabase database;
  public final String role = "role_" + UUID.randomUUID().toString().replace("-", "");
  public final Path plan;

  public TestingSecretPlan(Path directory) throws IOException, SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE ROLE " + role + " SUPERUSER LOGIN PASSWORD '" + PASSWORD + "'",
        "CREATE TABLE member (team bigint, person bigint)",
        "INSERT INTO member SELECT n % 5, n FROM generate_series(1, 50) n",
        "CREATE INDEX ON member (person)",
        "CREATE TABLE sees (team bigint, person bigint, PRIMARY KEY (team, person))",
        "CREATE TABLE people (id bigint PRIMARY KEY, teams bigint)");
    plan =
        Files.writeString(
            directory.resolve("quiet.conf"),
            """
            name = quiet
            databases.other.env = BACKFILL_OTHER
            sources {
              member = member
              known  = { table = member, database = other, keyed-by { person = [member.person] } }
            }
            steps = [
              { name = pairs, kind = pairs, direct = [{ from = member, object = team, user = person }]
                into = { table = sees, object = team, user = person } }
              { name = rows, kind = rows, mode = upsert, into = { table = people, key = [id] }
                query = \"""SELECT m.person AS id, count(*) AS teams FROM member m JOIN known k USING (person)
                           GROUP BY m.person\""" }
            ]
            """);
  }

  /** Both databases are the same one. */
  public Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>();
    for (String prefix : List.of("BACKFILL", "BACKFILL_OTHER")) {
      environment.put(prefix + "_URL", database.url());
      environment.put(prefix + "_READ_URL", database.url());
      environment.put(prefix + "_USER", role);
      environment.put(prefix + "_PASSWORD", PASSWORD);
    }
    return environment;
  }

  @Override
  public void close() throws SQLException {
    database.execute("DROP OWNED BY " + role, "DROP ROLE " + role);
    database.close();
  }
}
