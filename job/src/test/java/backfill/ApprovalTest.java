package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a dry run tells who must approve the run. */
class ApprovalTest {
  @TempDir private Path directory;

  @Test
  void whoWouldBecomeSuperuserIsNamedAndALimitOfSetRowsIsSaidToRefuse() throws Exception {
    try (TestingDojo there = TestingDojo.create()) {
      there.dojo.globalRoleUser("u1", "Owner").globalRoleUser("u2", "Maintainer");
      long owner = there.database.count("SELECT id FROM auth_user WHERE username = 'u1'");

      TestingRun plan = there.run("plan", "--set", "limits.rows-set=1");

      assertThat(plan.code()).as(plan.said()).isZero();
      JsonNode set = plan.step("user-flags").path("toSet").path(0);
      assertThat(set.path("column").asText()).isEqualTo("is_superuser");
      assertThat(set.path("rows"))
          .hasToString("[{\"key\":[\"%d\"],\"before\":\"false\",\"after\":\"true\"}]".formatted(owner));
      assertThat(plan.step("user-flags").path("toSet").path(1).path("column").asText())
          .isEqualTo("is_staff");
      assertThat(plan.said())
          .contains("user-flags: is_superuser would change in 1 row, the first:")
          .contains("(%d) false -> true".formatted(owner))
          .contains(
              "a run would be refused: step user-flags would set 2 rows, and limits.rows-set is 1");
      assertThat(plan.line().path("wouldRefuse").asInt()).isEqualTo(5);
      assertThat(plan.report().path("wouldRefuse").asInt()).isEqualTo(5);
      assertThat(there.run("run", "--set", "limits.rows-set=1").code()).isEqualTo(5);
      TestingRun allowed = there.run("plan", "--set", "limits.rows-set=2");
      assertThat(allowed.line().path("wouldRefuse").isNull()).isTrue();
    }
  }

  @Test
  void whoWouldLoseIsNamedAndExceptionsAreNotRefused() throws Exception {
    try (TestingDatabase database = TestingPostgres.shared().createDatabase()) {
      database.execute(
          "CREATE TABLE grants (o int, u int)",
          "CREATE TABLE may (o int, u int, PRIMARY KEY (o, u))",
          "INSERT INTO grants SELECT o, 1 FROM generate_series(1, 5) o",
          "INSERT INTO grants VALUES (1, 2)",
          "INSERT INTO may SELECT o, 7 FROM generate_series(1, 3) o",
          "INSERT INTO may VALUES (3, 8)");
      String plan =
          """
          name = losing
          allow-delete = true
          limits { surplus-percent = none, pairs-for-one-user = 1, users-of-one-object = 1, rows-deleted = 0%s }
          sources.grants = grants
          steps = [{ name = pairs, kind = pairs, surplus = delete
            direct = [{ from = grants, object = o, user = u }]
            into = { table = may, object = o, user = u } }]
          """;
      Path limited = directory.resolve("limited.conf");
      Files.writeString(limited, plan.formatted(""));
      Path excepted = directory.resolve("excepted.conf");
      Files.writeString(
          excepted,
          plan.formatted(
              ", except { pairs-for-one-user = [1], users-of-one-object = [1], rows-deleted = [pairs] }"));

      TestingRun refused = TestingRun.of(database.environment(), "plan", limited.toString());

      assertThat(refused.code()).as(refused.said()).isZero();
      assertThat(refused.step("pairs").path("losses"))
          .hasToString(
              "{\"users\":[{\"key\":7,\"pairs\":3},{\"key\":8,\"pairs\":1}],"
                  + "\"objects\":[{\"key\":3,\"pairs\":2},{\"key\":1,\"pairs\":1},{\"key\":2,\"pairs\":1}]}");
      assertThat(refused.said()).contains("users that lose most:   7 (-3), 8 (-1)");
      assertThat(refused.report().path("warnings")).hasSize(3);
      assertThat(refused.line().path("wouldRefuse").asInt()).isEqualTo(5);

      TestingRun run = TestingRun.of(database.environment(), "run", excepted.toString());

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(database.count("SELECT count(*) FROM may")).isEqualTo(6);
    }
  }
}
