package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRole;
import backfill.testing.TestingRun;
import backfill.testing.TestingUpstreamTables;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Plans for tables shaped like those of ten other applications, under {@code applications/}: each
 * gives what plain SQL gives, as the least role, and again after the application went on.
 */
class OtherApplicationsTest {
  @TempDir Path directory;

  /** The plan of an application, and the SQL beside it: a part for each of its headings. */
  private record Application(String plan, Map<String, String> sql) {
    static Application of(String name) {
      Map<String, String> parts = new HashMap<>();
      String heading = "";
      for (String line :
          TestingUpstreamTables.resource("/applications/" + name + ".sql").lines().toList()) {
        if (line.startsWith("-- ")) {
          heading = line.substring(3);
        } else {
          parts.merge(heading, line + "\n", String::concat);
        }
      }
      return new Application(
          TestingUpstreamTables.resource("/applications/" + name + ".conf"), parts);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "calcom",
        "discourse",
        "folders",
        "gitea",
        "guardian",
        "keycloak",
        "mattermost",
        "nextcloud",
        "tenants",
        "zulip"
      })
  void planGivesWhatSqlGivesAsTheLeastRole(String name) throws Exception {
    Application application = Application.of(name);
    try (TestingDatabase database = TestingPostgres.shared().createDatabase();
        TestingRole role = TestingRole.plain(database)) {
      database.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC", application.sql.get("tables"));
      grant(database, application, role);
      TestingRun first = runsRight(database, application, role);
      assertThat(written(first)).as(first.said()).isPositive();

      database.execute(application.sql.get("churn"));
      TestingRun second = runsRight(database, application, role);
      assertThat(written(second)).as(second.said()).isPositive();

      assertThat(written(runsRight(database, application, role))).isZero();
    }
  }

  private void grant(TestingDatabase database, Application application, TestingRole role)
      throws IOException, SQLException {
    TestingRun check =
        TestingRun.bare(database.environment(), "check", file(application), "--grants");
    assertThat(check.code()).as(check.said()).isZero();
    for (String line : check.out().subList(0, check.out().indexOf("\\q"))) {
      database.execute(line.replace(" TO \"" + database.user() + "\"", " TO " + role.name));
    }
  }

  private TestingRun runsRight(TestingDatabase database, Application application, TestingRole role)
      throws IOException, SQLException {
    List<List<Object>> expected = database.rows(application.sql.get("expected"));
    TestingRun run =
        TestingRun.of(
            role.environment(),
            "run",
            file(application),
            // Of a table with a few rows each is many percent.
            "--set",
            "limits.surplus-percent=100");
    assertThat(run.code()).as(run.said()).isZero();
    assertThat(database.rows(application.sql.get("present"))).isEqualTo(expected).isNotEmpty();
    return run;
  }

  private String file(Application application) throws IOException {
    return Files.writeString(directory.resolve("application.conf"), application.plan).toString();
  }

  /** Rows added, set and deleted. */
  private static long written(TestingRun run) {
    String step = run.report().path("steps").path(0).path("name").asText();
    return run.counts(step, "inserted", "updated", "deleted").stream()
        .filter(Objects::nonNull)
        .mapToLong(Long::longValue)
        .sum();
  }
}
