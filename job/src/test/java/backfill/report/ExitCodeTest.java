package backfill.report;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingAccess;
import backfill.testing.TestingAccessCases;
import backfill.testing.TestingCheckout;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingDojo;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How runs end that do not go well: the number, one clear message, and what was written. */
public class ExitCodeTest {
  private static TestingDojo there;

  @BeforeAll
  static void fill() throws Exception {
    there = TestingDojo.create();
    there.dojo.productMember("p1", "u1", "Reader").typeMember("pt1", "u1", "Reader");
    there.dojo.globalRoleUser("u1", "Writer");
  }

  @AfterAll
  static void drop() throws Exception {
    there.close();
  }

  @Test
  void missingVariableIsNamed() {
    assertRefused(
        TestingRun.of(Map.of(), "run", TestingRun.DOJO),
        "BACKFILL_URL: not set; set it to the database's JDBC URL");
  }

  @Test
  void unknownPlanNamesTheShippedOnes() {
    assertRefused(
        TestingRun.of(there.database.environment(), "run", "defectdojo"),
        "defectdojo: is neither a file nor a shipped plan; shipped are coder-api-key-scopes,");
  }

  @Test
  void unknownStepNamesThoseOfThePlan() {
    String has = "the plan has no step users; it has product-users, product-type-users, user-flags";
    assertRefused(there.run("run", "--only", "users"), "--only: " + has);
    assertRefused(there.run("run", "--from", "users"), "--from: " + has);
    assertRefused(there.run("run", "--until", "users"), "--until: " + has);
    assertRefused(
        there.run("run", "--from", "user-flags", "--until", "product-users"),
        "--from: step user-flags comes after step product-users of --until");
  }

  @Test
  void wrongSettingNamesItsRange() {
    assertRefused(there.run("run", "--set", "write.writers=65"), "write.writers must be 1 to 64");
    assertRefused(there.run("run", "--set", "write.wirters=2"), "wirters");
  }

  @Test
  void unknownOptionIsRefused() {
    TestingRun run = there.run("run", "--onyl", "user-flags");

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.said()).contains("--onyl");
  }

  private static void assertRefused(TestingRun run, String message) {
    assertThat(run.code()).as(run.said()).isEqualTo(2);
    assertThat(run.said()).contains(message);
    assertClear(run);
    assertThat(run.line().path("status").asText()).isEqualTo("failed");
    assertThat(run.report().path("error").path("message").asText()).contains(message);
    assertThat(run.report().path("error").path("retryable").asBoolean()).isFalse();
  }

  @Test
  void serverThatDoesNotAnswerIsRetryable() {
    Map<String, String> environment = new HashMap<>(there.database.environment());
    environment.put("BACKFILL_URL", "jdbc:postgresql://localhost:1/nothing");

    TestingRun run = TestingRun.of(environment, "run", TestingRun.DOJO);

    assertThat(run.code()).as(run.said()).isEqualTo(3);
    assertThat(run.report().path("error").path("retryable").asBoolean()).isTrue();
    assertThat(run.said()).contains("cannot connect to localhost:1/nothing");
    assertClear(run);
  }

  @Test
  void chosenStepsAloneAreRun() throws Exception {
    try (TestingDojo own = TestingDojo.create()) {
      own.dojo.productMember("p1", "u1", "Reader").typeMember("pt1", "u1", "Reader");
      own.dojo.globalRoleUser("u1", "Writer");

      TestingRun run =
          own.run("run", "--until", "product-type-users", "--from", "product-type-users");

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(TestingAccess.present(own.connection))
          .isEqualTo(TestingAccessCases.access("", "pt1 u1", ""));
      assertThat(run.report().path("steps")).hasSize(1);
      assertThat(own.run("run", "--only", "user-flags").code()).isZero();
      assertThat(TestingAccess.present(own.connection))
          .isEqualTo(TestingAccessCases.access("", "pt1 u1", "u1 is_staff"));
    }
  }

  @Test
  void databaseWithoutTheTargetsIsNotReady() throws Exception {
    try (TestingDatabase empty = TestingPostgres.shared().createDatabase()) {
      TestingRun run = TestingRun.of(empty.environment(), "run", TestingRun.DOJO);

      assertThat(run.code()).as(run.said()).isEqualTo(3);
      for (String table : TestingDojo.TARGETS) {
        assertThat(run.said()).contains("table " + table + " does not exist");
        assertThat(run.report().path("error").path("message").asText()).contains(table);
      }
      assertThat(run.report().path("error").path("retryable").asBoolean()).isFalse();
      assertClear(run);
    }
  }

  @Test
  void planThatDoesNotApplyIsSkipped() throws Exception {
    try (TestingDojo own = TestingDojo.create()) {
      own.dojo.productMember("p1", "u1", "Reader").withoutRoles();
      List<List<Object>> before = own.trace();

      TestingRun run = own.run("run");

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.report().path("steps").findValuesAsText("status"))
          .containsExactly("skipped", "skipped", "skipped");
      assertThat(run.report().path("status").asText()).isEqualTo("succeeded");
      assertThat(run.said()).contains("only-if is false: the plan does not apply here");
      assertThat(own.trace()).isEqualTo(before);
    }
  }

  @Test
  void stepThatDoesNotApplyIsSkippedAlone(@TempDir Path directory) throws Exception {
    Path plan = directory.resolve("dojo.conf");
    String shipped =
        Files.readString(TestingCheckout.root().resolve("conf/defectdojo-authorized-users.conf"));
    Files.writeString(
        plan,
        shipped.replace(
            "{ name = product-type-users, kind = pairs",
            "{ name = product-type-users, kind = pairs, only-if = \"EXISTS (SELECT FROM dojo_role WHERE name = 'X')\""));

    TestingRun run =
        TestingRun.of(
            there.database.environment(), "plan", plan.toString(), "--until", "product-type-users");

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.report().path("steps").findValuesAsText("status"))
        .containsExactly("done", "skipped");
    assertThat(run.counts("product-type-users", "planned")).containsOnlyNulls();
    assertThat(run.said()).contains("step product-type-users: skipped, only-if is false");
  }

  /** Grants of a product that is gone: their foreign key was not checked. */
  @Test
  void rowThatBreaksAForeignKeyEndsTheRunWithTheGoodRowsOfItsBatchIn() throws Exception {
    try (TestingDojo own = TestingDojo.create()) {
      own.dojo.productMember("p1", "u1", "Reader").productMember("p2", "u1", "Reader");
      own.database.execute(
          "SET session_replication_role = replica;"
              + " INSERT INTO dojo_product_member (product_id, user_id, role_id) SELECT 999, id, 1 FROM auth_user");

      TestingRun run = own.run("run", "--set", "write.writers=1");

      assertThat(run.code()).as(run.said()).isEqualTo(6);
      assertThat(own.rows("dojo_product_authorized_users")).isEqualTo(2);
      assertThat(run.report().path("error").path("step").asText()).isEqualTo("product-users");
      assertThat(run.report().path("error").path("stage").asText()).isEqualTo("write");
      assertThat(run.report().path("error").path("sqlState").isNull()).isTrue();
      assertThat(run.said())
          .contains("(999, 1)")
          .contains("dojo_product has no row whose (id) is (999)");
      assertThat(run.step("product-users").path("rejections").path(0).path("constraint").asText())
          .isEqualTo("dojo_product_authori_product_id_ffcb106e_fk_dojo_prod");
      assertThat(run.step("product-users").path("status").asText()).isEqualTo("failed");
      assertThat(run.step("product-type-users").path("status").asText()).isEqualTo("pending");
      assertClear(run);
    }
  }

  /** People get sentences; a stack trace is for us. */
  public static void assertClear(TestingRun run) {
    assertThat(run.err())
        .noneMatch(
            line ->
                line.matches("\\s+at .*|Caused by:.*|.*\\b(\\w+[.])+\\w*(Exception|Error)\\b.*"));
  }
}
