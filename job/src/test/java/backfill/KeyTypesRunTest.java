package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingAccess;
import backfill.testing.TestingDojo;
import backfill.testing.TestingDojoKeys;
import backfill.testing.TestingHeldRun;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run of pairs whose keys are uuids says of them, and what it does with them. */
class KeyTypesRunTest {
  private static final String FIRST = "product-users";
  private static final String ONLY = "--only=" + FIRST;
  private static final String TARGET = "dojo_product_authorized_users";
  private static final String[] VERIFIED = {"missing", "addedMeanwhile", "revokedMeanwhile"};

  @TempDir Path directory;
  private TestingDojo there;

  @BeforeEach
  void fill() throws Exception {
    there = TestingDojo.create();
    there
        .dojo
        .productMember("p1", "u1", "Reader")
        .productMember("p1", "u2", "Reader")
        .productGroup("p2", "g1")
        .productGroup("p1", "g1")
        .group("g1", "u2", "u3")
        .authorizedUser("p1", "u1")
        .authorizedUser("p3", "u4")
        .globalRoleUser("u1", "Owner");
    TestingDojoKeys.becomeUuids(there.database);
  }

  @AfterEach
  void drop() throws Exception {
    there.close();
  }

  private String id(String table, String column, String name) throws SQLException {
    return there
        .database
        .rows("SELECT id::text FROM " + table + " WHERE " + column + " = '" + name + "'")
        .get(0)
        .get(0)
        .toString();
  }

  private String user(String name) throws SQLException {
    return id("auth_user", "username", name);
  }

  private String product(String name) throws SQLException {
    return id("dojo_product", "name", name);
  }

  private TestingAccess present() throws SQLException {
    return TestingAccess.present(there.connection);
  }

  /** A plan of one step on the same tables, whose grants come from {@code views}. */
  private TestingRun run(String command, String views, String step, String... options)
      throws IOException {
    Path plan = directory.resolve("keys.conf");
    Files.writeString(
        plan,
        """
        name = keys
        allow-delete = true
        limits.surplus-percent = 100
        sources { member = dojo_product_member, team = dojo_product_group, in_team = dojo_dojo_group_member }
        %s
        steps = [{ name = pairs, kind = pairs
          into = { table = dojo_product_authorized_users, object = product_id, user = dojo_user_id }
          %s }]
        """
            .formatted(views, step));
    List<String> words = new ArrayList<>(List.of(command, plan.toString()));
    words.addAll(List.of(options));
    return TestingRun.of(there.database.environment(), words.toArray(String[]::new));
  }

  private static final String STEP =
      """
      direct  = [{ from = member, object = product_id, user = user_id }]
      through = [{ from = team, object = product_id, group = group_id }]
      members = [{ from = in_team, group = group_id, user = user_id }]
      """;

  @Test
  void aDryRunNamesWhoGainsMost() throws Exception {
    TestingRun plan = there.run("plan", ONLY);

    assertThat(plan.code()).as(plan.said()).isZero();
    assertThat(plan.counts(FIRST, "planned", "alreadyPresent", "toInsert", "surplus"))
        .isEqualTo(RunTest.numbers(5, 1, 4, 1));
    JsonNode gains = plan.step(FIRST).path("gains");
    assertThat(gains.path("direct").asLong()).isEqualTo(1);
    assertThat(gains.path("throughGroups").asLong()).isEqualTo(3);
    String smaller = user("u2").compareTo(user("u3")) < 0 ? "u2" : "u3";
    assertThat(gains.path("users").path(0).path("key").asText()).isEqualTo(user(smaller));
    assertThat(gains.path("users").path(0).path("pairs").asLong()).isEqualTo(2);
    assertThat(gains.path("objects")).hasSize(2);
    assertThat(plan.said()).contains(user(smaller) + " (+2)", product("p2") + " (+2)");
  }

  @Test
  void limitsNameWhomTheyRefuse() throws Exception {
    TestingRun run =
        there.run(
            "run",
            ONLY,
            "--set",
            "limits.pairs-for-one-user=1",
            "--set",
            "limits.users-of-one-object=2");

    String smaller = user("u2").compareTo(user("u3")) < 0 ? "u2" : "u3";
    assertThat(run.code()).as(run.said()).isEqualTo(5);
    assertThat(run.report().path("error").path("message").asText())
        .contains(
            "plans 2 pairs for user " + user(smaller) + ", and limits.pairs-for-one-user is 1",
            "plans 3 users for object " + product("p1") + ", and limits.users-of-one-object is 2");
    assertThat(there.rows(TARGET)).isEqualTo(2);
  }

  @Test
  void surplusIsTakenAway() throws Exception {
    TestingAccess justified = TestingAccess.justified(there.connection);

    TestingRun plan = run("plan", "", STEP + "surplus = delete");
    TestingRun run = run("run", "", STEP + "surplus = delete");

    assertThat(plan.counts("pairs", "toInsert", "toDelete")).isEqualTo(RunTest.numbers(4, 1));
    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.counts("pairs", "inserted", "deleted", "missing"))
        .isEqualTo(RunTest.numbers(4, 1, 0));
    assertThat(present().products()).isEqualTo(justified.products());
  }

  @Test
  void theSourcesMayBeViews() throws Exception {
    TestingAccess expected = TestingAccess.expected(there.connection);

    TestingRun run =
        run(
            "run",
            """
            views {
              direct  = "SELECT upper(product_id) AS p, '{' || user_id || '}' AS u FROM member"
              grants  = "SELECT product_id, group_id AS g FROM team"
              inside  = "SELECT group_id AS g, user_id AS u FROM in_team WHERE group_id IS NOT NULL"
            }
            """,
            """
            direct  = [{ from = direct, object = p, user = u }]
            through = [{ from = grants, object = product_id, group = g }]
            members = [{ from = inside, group = g, user = u }]
            """);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.counts("pairs", "planned", "inserted", "missing"))
        .isEqualTo(RunTest.numbers(5, 4, 0));
    assertThat(present().products()).isEqualTo(expected.products());
  }

  @Test
  void aTextThatIsNoUuidEndsTheRunBeforeItWrites() throws Exception {
    TestingRun run =
        run(
            "run",
            "views.direct = \"SELECT product_id AS p, 'user ' || user_id AS u FROM member\"",
            "direct = [{ from = direct, object = p, user = u }]");

    assertThat(run.code()).as(run.said()).isEqualTo(4);
    assertThat(run.report().path("error").path("message").asText())
        .contains("a view gives the key \"user ")
        .contains("\", which is no uuid");
    assertThat(run.report().path("error").path("retryable").asBoolean()).isFalse();
    assertThat(there.rows(TARGET)).isEqualTo(2);
  }

  @Test
  void aViewOfNumbersIsRefusedBeforeAnythingIsRead() throws Exception {
    TestingRun run =
        run(
            "run",
            "views.direct = \"SELECT product_id AS p, 7 AS u FROM member\"",
            "direct = [{ from = direct, object = p, user = u }]");

    assertThat(run.code()).as(run.said()).isEqualTo(3);
    assertThat(run.said())
        .contains(
            "step pairs: view direct gives u as int, and dojo_product_authorized_users.dojo_user_id is uuid; give it as a text");
  }

  @Test
  void keysBeyondTheirMemoryAreRefusedAndNeverCut() throws Exception {
    TestingRun run = there.run("run", ONLY, "--set", "flatten.dictionary-bytes=100 B");

    assertThat(run.code()).as(run.said()).isEqualTo(4);
    assertThat(run.report().path("error").path("message").asText())
        .contains("the distinct keys of step product-users take ")
        .contains(" bytes or more, and flatten.dictionary-bytes is 100;");
    assertThat(run.report().path("error").path("retryable").asBoolean()).isFalse();
    assertThat(there.rows(TARGET)).isEqualTo(2);
  }

  /** The last step waits, the first one is written: then verify looks. */
  @Test
  void verifyTellsWhatHappenedMeanwhile() throws Exception {
    try (TestingHeldRun held = TestingHeldRun.writing(there, "auth_user")) {
      TestingRun run =
          held.meanwhile(
                  "DELETE FROM %s WHERE dojo_user_id = '%s' AND product_id = '%s'"
                      .formatted(TARGET, user("u3"), product("p2")),
                  "DELETE FROM dojo_product_member WHERE user_id = '%s'".formatted(user("u1")),
                  "DELETE FROM dojo_product_group WHERE product_id = '%s'".formatted(product("p1")),
                  // Keys that nobody had when the run read, before and behind all others.
                  "INSERT INTO auth_user SELECT (jsonb_populate_record(u, jsonb_build_object('id', k.id, 'username', k.id))).*"
                      + " FROM auth_user u, (VALUES ('00000000-0000-0000-0000-000000000000'),"
                      + " ('ffffffff-ffff-ffff-ffff-ffffffffffff')) k(id) WHERE u.username = 'u4'",
                  "INSERT INTO dojo_product_member (product_id, user_id, role_id) SELECT '%s', id, 1 FROM auth_user WHERE username ~ '^(0|f)'"
                      .formatted(product("p1")))
              .release();

      assertThat(run.code()).as(run.said()).isEqualTo(7);
      assertThat(run.counts(FIRST, VERIFIED)).isEqualTo(RunTest.numbers(1, 2, 1));
      assertThat(run.said()).contains("missing first: (" + product("p2") + ", " + user("u3") + ")");
    }
  }

  @Test
  void rejectedRowsAndLostParentsAreNamed() throws Exception {
    String nobody = "12345678-1234-1234-1234-123456789abc";
    there.database.execute(
        "ALTER TABLE dojo_product_member DROP CONSTRAINT dojo_product_member_user_id_fkey",
        "INSERT INTO dojo_product_member (product_id, user_id, role_id) SELECT product_id, '%s', role_id FROM dojo_product_member LIMIT 1"
            .formatted(nobody));
    String gone = user("u3");
    try (TestingHeldRun held =
        TestingHeldRun.writing(
            there.database,
            TARGET,
            options -> {
              List<String> words = new ArrayList<>(List.of(options));
              words.addAll(List.of(ONLY, "--set", "limits.rejected-rows=1"));
              return there.run("run", words.toArray(String[]::new));
            })) {
      TestingRun run =
          held.meanwhile(
                  "DELETE FROM dojo_dojo_group_member WHERE user_id = '%s'".formatted(gone),
                  "DELETE FROM auth_user WHERE id = '%s'".formatted(gone))
              .release();

      assertThat(run.code()).as(run.said()).isEqualTo(8);
      assertThat(run.counts(FIRST, "planned", "inserted", "rejected", "missing"))
          .isEqualTo(RunTest.numbers(6, 2, 3, 0));
      List<String> reasons = new ArrayList<>();
      run.step(FIRST)
          .path("rejections")
          .forEach(
              rejection ->
                  reasons.add(
                      rejection.path("key").path(1).asText()
                          + " "
                          + rejection.path("reason").asText()));
      assertThat(reasons)
          .containsExactlyInAnyOrder(
              nobody + " auth_user has no row whose (id) is (" + nobody + ")",
              gone + " parent-gone",
              gone + " parent-gone");
    }
  }
}
