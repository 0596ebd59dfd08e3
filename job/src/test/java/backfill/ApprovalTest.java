package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingDojo;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
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
          .hasToString(
              "[{\"key\":[\"%d\"],\"before\":\"false\",\"after\":\"true\"}]".formatted(owner));
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

  /** Rows that name a user and an object are bounded and told of as pairs are. */
  @Test
  void rowsAreCountedByTheUserAndTheObjectThatTheyName() throws Exception {
    try (TestingDatabase database = TestingPostgres.shared().createDatabase()) {
      database.execute(
          "CREATE TABLE seat (o int, u int, level int)",
          "CREATE TABLE may (o int, u int, level int, PRIMARY KEY (o, u))",
          "INSERT INTO seat SELECT o, 1, 10 FROM generate_series(1, 5) o",
          "INSERT INTO seat VALUES (1, 2, 10)",
          "INSERT INTO may VALUES (1, 1, 10), (2, 1, 20), (9, 8, 10)");
      Path plan = directory.resolve("named.conf");
      Files.writeString(
          plan,
          """
          name = named
          allow-delete = true
          limits { surplus-percent = none, pairs-for-one-user = 4, users-of-one-object = 2 }
          sources.seat = seat
          steps = [{ name = rows, kind = rows, mode = upsert, surplus = delete
            query = "SELECT o, u, level FROM seat"
            into = { table = may, key = [o, u], object = o, user = u } }]
          """);

      TestingRun dry = TestingRun.of(database.environment(), "plan", plan.toString());

      assertThat(dry.code()).as(dry.said()).isZero();
      assertThat(dry.step("rows").path("gains"))
          .hasToString(
              "{\"direct\":null,\"throughGroups\":null,\"users\":[{\"key\":\"1\",\"pairs\":3},{\"key\":\"2\",\"pairs\":1}],"
                  + "\"objects\":[{\"key\":\"1\",\"pairs\":1},{\"key\":\"3\",\"pairs\":1},{\"key\":\"4\",\"pairs\":1},"
                  + "{\"key\":\"5\",\"pairs\":1}]}");
      assertThat(dry.step("rows").path("losses").path("users"))
          .hasToString("[{\"key\":\"8\",\"pairs\":1}]");
      assertThat(dry.report().path("warnings"))
          .hasToString(
              "[\"a run would be refused: step rows plans 5 rows for user 1, and limits.pairs-for-one-user is 4\"]");
      TestingRun run =
          TestingRun.of(
              database.environment(),
              "run",
              plan.toString(),
              "--set",
              "limits.pairs-for-one-user=5");
      assertThat(run.code()).as(run.said()).isZero();
    }
  }
}
