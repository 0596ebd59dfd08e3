package backfill.run;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.RunTest;
import backfill.testing.TestingDojo;
import backfill.testing.TestingGrants;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A run months later that would give back what people took away meanwhile says so before. */
class GivenBackTest {

  @Test
  void pairsThatWereTakenAwayAreSaidToComeBackBeforeTheyAreWritten() throws Exception {
    try (TestingGrants there = TestingGrants.of(10, 10)) {
      String plan = there.plan("given-back");
      assertThat(warnings(run(there, "run", plan))).isEmpty();
      there.database.execute(
          "DELETE FROM access WHERE object_id = 3 AND user_id <= 4",
          "INSERT INTO access SELECT 99, u FROM generate_series(1, 50) u",
          "DELETE FROM member WHERE object_id = 7 AND user_id = 7");
      String back =
          "step pairs: 4 rows to insert in access give back what was taken away since run ";

      TestingRun dry = run(there, "plan", plan);

      assertThat(warnings(dry))
          .singleElement()
          .asString()
          .startsWith(back)
          .endsWith(": they were there then, and no row of its sources is newer");
      assertThat(dry.counts("pairs", "toInsert", "takenAway")).isEqualTo(RunTest.numbers(4, 4));

      TestingRun run = run(there, "run", plan);

      assertThat(warnings(run)).singleElement().asString().startsWith(back);
      assertThat(run.said().indexOf(back)).isLessThan(run.said().indexOf("write pairs: "));
      assertThat(warnings(run(there, "run", plan))).as("it has given it back").isEmpty();
    }
  }

  /** With newer grants nobody can say which pairs were there; how many went all the same. */
  @Test
  void rowsThatWentAreCountedWhereGrantsAreNewer() throws Exception {
    try (TestingGrants there = TestingGrants.of(10, 10)) {
      String plan = there.plan("given-back");
      assertThat(warnings(run(there, "run", plan))).isEmpty();
      there.database.execute("INSERT INTO member VALUES (11, 1)");
      assertThat(warnings(run(there, "plan", plan))).isEmpty();

      there.database.execute("DELETE FROM access WHERE object_id = 3 AND user_id <= 4");
      TestingRun dry = run(there, "plan", plan);

      assertThat(warnings(dry)).singleElement().asString().startsWith("step pairs: run ");
      assertThat(warnings(dry).get(0))
          .endsWith(
              " left 100 rows in access, and 96 of the step's are there now: at least 4 went since. What of"
                  + " that the sources still justify is among the 5 to insert, and is given back");
      assertThat(dry.step("pairs").path("takenAway").isNull()).isTrue();
    }
  }

  @Test
  void flagThatWasTakenAwayIsSaidToComeBack() throws Exception {
    try (TestingDojo there = TestingDojo.create()) {
      there.dojo.globalRoleUser("u1", "Owner").globalRoleUser("u2", "Owner");
      assertThat(warnings(there.run("run"))).isEmpty();
      there.dojo.globalRoleUser("u3", "Owner");
      there.database.execute("UPDATE auth_user SET is_superuser = false WHERE username = 'u1'");

      TestingRun dry = there.run("plan");

      assertThat(warnings(dry))
          .singleElement()
          .asString()
          .startsWith("step user-flags: of 2 rows to set in auth_user others wrote 2 since run ")
          .endsWith(": what was taken away there is given back");
    }
  }

  /** Restored elsewhere, rows and ledger have numbers of another server: how many went is all. */
  @Test
  void ofADatabaseThatWasRestoredNoRowIsSaidToBeOld() throws Exception {
    try (TestingGrants there = TestingGrants.of(10, 10)) {
      String plan = there.plan("given-back");
      assertThat(warnings(run(there, "run", plan))).isEmpty();
      there.database.execute(
          "UPDATE backfill.batch SET rows = rows",
          "UPDATE backfill.run SET report = jsonb_set(report, '{databases,main,snapshots,0,xmin}',"
              + " to_jsonb((pg_current_xact_id()::text::bigint + 1000000)::text))",
          "INSERT INTO member VALUES (11, 1)",
          "DELETE FROM access WHERE object_id = 3 AND user_id <= 4");

      TestingRun dry = run(there, "plan", plan);

      assertThat(warnings(dry)).singleElement().asString().contains("at least 4 went since");
      assertThat(dry.step("pairs").path("takenAway").isNull()).isTrue();
    }
  }

  @Test
  void ofATableThatWasRewrittenNoRowIsSaidToBeNew() throws Exception {
    try (TestingDojo there = TestingDojo.create()) {
      there.dojo.globalRoleUser("u1", "Owner").globalRoleUser("u2", "Owner");
      assertThat(warnings(there.run("run"))).isEmpty();
      there.dojo.globalRoleUser("u3", "Owner");
      there.database.execute("UPDATE auth_user SET username = username");

      TestingRun dry = there.run("plan");

      assertThat(dry.counts("user-flags", "toUpdate")).isEqualTo(RunTest.numbers(1));
      assertThat(warnings(dry)).isEmpty();
    }
  }

  private static TestingRun run(TestingGrants there, String command, String plan) {
    TestingRun run = TestingRun.of(there.database.environment(), command, plan);
    assertThat(run.code()).as(run.said()).isZero();
    return run;
  }

  private static List<String> warnings(TestingRun run) {
    List<String> warnings = new ArrayList<>();
    for (JsonNode warning : run.report().path("warnings")) {
      warnings.add(warning.asText());
    }
    return warnings;
  }
}
