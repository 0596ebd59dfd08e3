package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.demo.DemoData;
import backfill.demo.Scale;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingDistribution;
import backfill.testing.TestingKernel;
import backfill.testing.TestingNotebook;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Executes the notebooks on a small DefectDojo, as it is before a run and after one: they hold
 * where everything is right, and each of their checks fails where its matter is not. Each is run by
 * {@code notebooks/run} as a person does where it holds; where a check fails, most are in one
 * kernel, since a person's own takes ten seconds to start.
 */
class NotebooksIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String NEWEST = "(SELECT max(id) FROM dojo_product_authorized_users)";
  private static final List<String> PAIRS = List.of("product-users", "product-type-users");

  private static TestingDatabase untouched;
  private static TestingDatabase done;
  private static TestingRun planned;
  private static TestingRun ran;
  private static TestingKernel kernel;

  @TempDir Path directory;

  @BeforeAll
  static void fillAndRun() throws Exception {
    TestingDistribution.python();
    untouched = TestingPostgres.shared().createDatabase();
    try (Connection connection = untouched.connection()) {
      DemoData.fill(connection, Scale.TINY);
    }
    planned = TestingRun.of(untouched.environment(), "plan", TestingRun.DOJO);
    assertThat(planned.code()).as(planned.said()).isZero();
    done = TestingPostgres.shared().copy(untouched);
    ran = TestingRun.of(done.environment(), "run", TestingRun.DOJO);
    assertThat(ran.code()).as(ran.said()).isZero();
    kernel = TestingKernel.start();
  }

  @AfterAll
  static void drop() throws Exception {
    if (kernel != null) {
      kernel.close();
    }
    for (TestingDatabase database : new TestingDatabase[] {untouched, done}) {
      if (database != null) {
        database.close();
      }
    }
  }

  @Test
  void beforeCountsWhatTheDryRunCounts() throws Exception {
    TestingNotebook before = TestingNotebook.of(directory, untouched.environment(), "before");

    assertThat(before.code()).as(before.said()).isZero();
    for (String step : PAIRS) {
      JsonNode counts = before.line().path("steps").path(step);
      for (String count : List.of("planned", "alreadyPresent", "toInsert", "surplus")) {
        assertThat(counts.path(count))
            .as(step + " " + count)
            .isEqualTo(planned.step(step).path(count));
      }
      assertThat(counts.path("direct")).isEqualTo(planned.step(step).path("gains").path("direct"));
    }
    assertThat(before.line().at("/steps/product-users/reasons").longValue())
        .isEqualTo(
            untouched.count(
                """
                SELECT count(*) FROM (
                  SELECT product_id, user_id, NULL::int AS group_id FROM dojo_product_member
                  UNION
                  SELECT g.product_id, m.user_id, g.group_id
                  FROM dojo_product_group g JOIN dojo_dojo_group_member m USING (group_id)) reasons
                """));
    assertThat(before.figures()).isEqualTo(5);
  }

  @Test
  void beforeFailsOnSourceThatAnswersDifferentlyEachTime() throws Exception {
    try (TestingDatabase there = TestingPostgres.shared().copy(untouched)) {
      there.execute(
          "ALTER TABLE dojo_product_member RENAME TO every_member",
          "CREATE VIEW dojo_product_member AS SELECT * FROM every_member WHERE random() < 0.5");

      assertFails(
          kernel.execute(directory, there.environment(), "before"),
          "product-users, justified pairs by Spark and by SQL: \\d+ only in the first, as in .*");
    }
  }

  @Test
  void beforeFailsOnUserWhoIsNotThere() throws Exception {
    try (TestingDatabase there = TestingPostgres.shared().copy(untouched)) {
      long user =
          there.count(
              "SELECT max(user_id) FROM dojo_product_member m WHERE NOT EXISTS (SELECT FROM"
                  + " dojo_product_authorized_users a WHERE (a.product_id, a.dojo_user_id) ="
                  + " (m.product_id, m.user_id))");
      // As after a restore without constraints, or where a foreign key was added NOT VALID.
      there.execute(
          "SET session_replication_role = replica; DELETE FROM auth_user WHERE id = " + user);

      assertFails(
          kernel.execute(directory, there.environment(), "before"),
          "product-users would add pairs of 1 users that auth_user does not have, as in \\["
              + user
              + "\\]");
    }
  }

  @Test
  void reviewHoldsAndLooksUpWhatIsListed() throws Exception {
    TestingNotebook review =
        TestingNotebook.of(directory, untouched.environment(), "review", report(planned.report()));

    assertThat(review.code()).as(review.said()).isZero();
    assertThat(review.line().path("runId")).isEqualTo(planned.report().path("runId"));
    int listed = 0;
    for (String step : PAIRS) {
      JsonNode gains = planned.step(step).path("gains");
      listed += gains.path("users").size() + gains.path("objects").size();
    }
    assertThat(review.line().path("lookedUp").intValue()).isEqualTo(listed).isGreaterThan(20);
    assertThat(review.figures()).isEqualTo(3);
  }

  @Test
  void reviewFailsOnReportThatIsNotTrueAnyMore() throws Exception {
    long user = planned.step("product-users").at("/gains/users/0/key").longValue();
    try (TestingDatabase there = TestingPostgres.shared().copy(untouched)) {
      there.execute(
          "DELETE FROM dojo_product_member WHERE user_id = " + user,
          "DELETE FROM dojo_dojo_group_member WHERE user_id = " + user);

      assertFails(
          kernel.execute(directory, there.environment(), "review", report(planned.report())),
          "product-users: not true any more, make the dry run anew: the report says \\[.*\\("
              + user
              + ", .*");
    }
  }

  static Stream<Arguments> reportsThatDoNotHold() {
    return Stream.of(
        tampered(
            report -> step(report).put("toInsert", step(report).path("toInsert").longValue() + 1),
            "product-users: \\d+ planned, and alreadyPresent \\+ toInsert \\+ rejected is \\d+"),
        tampered(
            report -> ((ObjectNode) step(report).path("gains")).put("direct", 0),
            "product-users: \\d+ to insert, and direct \\+ through groups is \\d+"),
        tampered(
            report -> step(report).put("inserted", 7),
            "a dry run writes nothing, and this report says \\{\\('product-users', 'inserted'\\):"
                + " 7\\}"),
        tampered(
            report -> report.put("status", "failed").put("exitCode", 4),
            "no dry run that ended well: plan failed, exit code 4, None"));
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource("reportsThatDoNotHold")
  void reviewFailsOnReportThatDoesNotHold(Consumer<ObjectNode> tamper, String message)
      throws Exception {
    ObjectNode report = planned.report().deepCopy();
    tamper.accept(report);

    assertFails(kernel.execute(directory, Map.of(), "review", report(report)), message);
  }

  @Test
  void auditHoldsAndAddsTheSurplusToTheListOfFindings() throws Exception {
    try (TestingDatabase there = TestingPostgres.shared().copy(done)) {
      there.execute(
          """
          INSERT INTO dojo_product_authorized_users (product_id, dojo_user_id)
          SELECT p.id, u.id FROM dojo_product p, auth_user u ORDER BY p.id DESC, u.id DESC LIMIT 72
          ON CONFLICT DO NOTHING;
          CREATE TABLE findings (
            plan text, step text, object text, "user" text, run uuid NOT NULL, decision text,
            found_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (plan, step, object, "user"));
          """);
      List<List<Object>> surplus = there.rows(SURPLUS);
      assertThat(surplus).hasSizeGreaterThan(10);
      there.execute(
          "INSERT INTO findings VALUES ('defectdojo-authorized-users', 'product-users', "
              + surplus.get(0).get(0)
              + ", "
              + surplus.get(0).get(1)
              + ", gen_random_uuid(), 'may stay')");

      TestingNotebook audit =
          TestingNotebook.of(directory, there.environment(), "audit", "findings=findings");

      assertThat(audit.code()).as(audit.said()).isZero();
      assertThat(audit.line().path("run")).isEqualTo(ran.report().path("runId"));
      for (String step : PAIRS) {
        assertThat(audit.line().path("changed").path(step))
            .isEqualTo(ran.step(step).path("inserted"));
      }
      assertThat(audit.line().at("/surplus/product-users").intValue()).isEqualTo(surplus.size());
      assertThat(there.rows("SELECT object::int, \"user\"::int FROM findings ORDER BY 1, 2"))
          .isEqualTo(surplus);
      assertThat(there.count("SELECT count(*) FROM findings WHERE decision = 'may stay'")).isOne();
      assertThat(audit.figures()).isEqualTo(2);
      assertThat(audit.printed())
          .contains(
              "no writer committed two batches: there is no time from batch to batch to show",
              "product-type-users: no surplus among ");
    }
  }

  @Test
  void reviewOfADryRunThatWouldAddNothingDrawsNoGains() throws Exception {
    TestingRun idle = TestingRun.of(done.environment(), "plan", TestingRun.DOJO);

    TestingNotebook review =
        kernel.execute(directory, done.environment(), "review", report(idle.report()));

    assertThat(review.code()).as(review.said()).isZero();
    assertThat(review.printed())
        .contains("product-users: no user would gain a pair, so there is nothing to draw");
    assertThat(review.figures()).isOne();
  }

  private static final String SURPLUS =
      """
      SELECT product_id, dojo_user_id FROM dojo_product_authorized_users a
      WHERE NOT EXISTS (SELECT FROM dojo_product_member m
                        WHERE m.product_id = a.product_id AND m.user_id = a.dojo_user_id)
        AND NOT EXISTS (SELECT FROM dojo_product_group g JOIN dojo_dojo_group_member m USING (group_id)
                        WHERE g.product_id = a.product_id AND m.user_id = a.dojo_user_id)
      ORDER BY 1, 2
      """;

  static Stream<Arguments> whatHappensAfterwards() {
    return Stream.of(
        Arguments.of(
            "UPDATE auth_user SET is_staff = false WHERE id = (SELECT min(id) FROM auth_user WHERE"
                + " is_staff AND id > 1)",
            "user-flags: 1 rows of the sample are missing, as in \\[\\(\\d+, (True|False),"
                + " True\\)\\]; .*"),
        Arguments.of(
            "WITH pair AS (SELECT product_id, dojo_user_id FROM dojo_product_authorized_users WHERE"
                + " id = "
                + NEWEST
                + "), members AS (DELETE FROM dojo_dojo_group_member WHERE user_id = (SELECT"
                + " dojo_user_id FROM pair)) DELETE FROM dojo_product_member WHERE user_id ="
                + " (SELECT dojo_user_id FROM pair)",
            "product-users: nothing justifies \\d+ pairs that run [-0-9a-f]{36} wrote, as in .*:"
                + " look first"),
        Arguments.of(
            "UPDATE backfill.batch SET changed = changed + 1 WHERE step = 'product-users' AND"
                + " after_key = '' AND partition = 0",
            "rows changed by the report and by the ledger: 1 only in the first, as in"
                + " \\[\\('product-users', \\d+\\)\\]; .*"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("whatHappensAfterwards")
  void auditFailsOnWhatHappenedAfterwards(String sql, String message) throws Exception {
    try (TestingDatabase there = TestingPostgres.shared().copy(done)) {
      there.execute(sql);

      assertFails(kernel.execute(directory, there.environment(), "audit"), message);
    }
  }

  /** What a failed check makes of the command itself. */
  @Test
  void auditThatFailsEndsTheCommandWithOne() throws Exception {
    try (TestingDatabase there = TestingPostgres.shared().copy(done)) {
      there.execute("DELETE FROM dojo_product_authorized_users WHERE id = " + NEWEST);

      assertFails(
          TestingNotebook.of(directory, there.environment(), "audit"),
          "product-users: 1 rows of the sample are missing, as in \\[\\(\\d+, \\d+\\)\\]; the run"
              + " rejected 0 rows .*");
    }
  }

  @Test
  void unknownParameterIsRefused() throws Exception {
    TestingNotebook run = TestingNotebook.of(directory, Map.of(), "audit", "samples=3");

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.said())
        .contains("samples=3: expected KEY=VALUE with a KEY of steps, run, sample, seed, findings");
  }

  /** The last line says which assertion did not hold. */
  private static void assertFails(TestingNotebook run, String message) {
    assertThat(run.code()).as(run.said()).isEqualTo(1);
    assertThat(run.said().strip().lines().reduce((first, second) -> second).orElseThrow())
        .matches("\\w+: AssertionError: " + message);
    assertThat(run.notebook().path("cells").size()).as("what was executed is kept").isPositive();
  }

  private String report(JsonNode report) throws Exception {
    Files.writeString(directory.resolve("plan.json"), JSON.writeValueAsString(report));
    return "report=plan.json";
  }

  private static Arguments tampered(Consumer<ObjectNode> tamper, String message) {
    return Arguments.of(tamper, message);
  }

  private static ObjectNode step(ObjectNode report) {
    return (ObjectNode) report.path("steps").path(0);
  }
}
