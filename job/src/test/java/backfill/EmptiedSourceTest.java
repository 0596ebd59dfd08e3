package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A source that was lost must not take away what followed from it. */
class EmptiedSourceTest {
  @TempDir private Path directory;
  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        """
        CREATE TABLE grants (object_id int, user_id int, left_at date);
        INSERT INTO grants SELECT o, u FROM generate_series(1, 10) o, generate_series(1, 10) u;
        CREATE TABLE team (object_id int, user_id int);
        INSERT INTO team VALUES (1, 11), (2, 11), (3, NULL);
        CREATE TABLE visible (object_id int, user_id int, source text NOT NULL DEFAULT 'job',
          PRIMARY KEY (object_id, user_id));
        INSERT INTO visible VALUES (1, 99, 'manual')
        """);
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private TestingRun run(String command, String... options) throws Exception {
    Path plan = directory.resolve("emptied.conf");
    Files.writeString(
        plan,
        """
        name = emptied
        allow-delete = true
        sources { grants { table = grants, where = "left_at IS NULL" }, team = team }
        steps = [{ name = pairs, kind = pairs, surplus = delete, owns = "source = 'job'"
          direct = [{ from = grants, object = object_id, user = user_id },
                    { from = team, object = object_id, user = user_id }]
          into = { table = visible, object = object_id, user = user_id } }]
        """);
    List<String> words = new ArrayList<>(List.of(command, plan.toString()));
    words.addAll(List.of(options));
    return TestingRun.of(database.environment(), words.toArray(String[]::new));
  }

  private long rows() throws SQLException {
    return database.count("SELECT count(*) FROM visible");
  }

  @Test
  void muchSurplusIsRefusedUnlessTheLimitAllowsIt() throws Exception {
    assertThat(run("run").code()).isZero();
    assertThat(rows()).isEqualTo(103);
    database.execute("UPDATE grants SET left_at = '2026-01-01' WHERE object_id <= 3");

    TestingRun plan = run("plan");
    TestingRun refused = run("run");

    String sentence =
        "step pairs would delete 30 of 102 rows of visible (29.5 percent), which nothing justifies any more, and"
            + " limits.surplus-percent is 20";
    assertThat(plan.code()).as(plan.said()).isZero();
    assertThat(plan.report().path("warnings").toString())
        .contains("a run would be refused: " + sentence);
    assertThat(plan.said())
        .contains("read grants: its where leaves out 30 rows")
        .contains("read team: 1 row has a key that is NULL, and grants nothing");
    assertThat(plan.step("pairs").path("leftOut"))
        .hasToString(
            "{\"grants\":{\"where\":30,\"nullKeys\":0},\"team\":{\"where\":0,\"nullKeys\":1}}");
    assertThat(refused.code()).as(refused.said()).isEqualTo(5);
    assertThat(refused.report().path("error").path("message").asText()).startsWith(sentence);
    assertThat(rows()).isEqualTo(103);
    assertThat(run("run", "--set", "limits.surplus-percent=30").code()).isZero();
    assertThat(rows()).isEqualTo(73);
  }

  @Test
  void sourceThatWentToNothingIsRefusedHoweverLittleFollowedFromIt() throws Exception {
    assertThat(run("run").code()).isZero();
    database.execute("DELETE FROM team");

    TestingRun refused = run("run", "--set", "limits.surplus-percent=99");

    assertThat(refused.code()).as(refused.said()).isEqualTo(5);
    assertThat(refused.report().path("error").path("message").asText())
        .startsWith("step pairs would delete 2 rows of visible, and source team, of which run ")
        .contains(" read 3 rows, gives none now, while limits.surplus-percent is 99, and not 100.");
    assertThat(rows()).isEqualTo(103);

    database.execute("UPDATE grants SET left_at = '2026-01-01'");
    TestingRun condition = run("run");

    assertThat(condition.code()).as(condition.said()).isEqualTo(5);
    assertThat(condition.said())
        .contains("gives none now (its where leaves out all 100 rows of its table)");

    TestingRun wanted = run("run", "--set", "limits.surplus-percent=100");
    assertThat(wanted.code()).as(wanted.said()).isZero();
    assertThat(database.rows("SELECT user_id FROM visible")).isEqualTo(List.of(List.of(99)));
  }
}
