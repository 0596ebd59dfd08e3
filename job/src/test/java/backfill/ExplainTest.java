package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDojo;
import backfill.testing.TestingRandomGrants;
import backfill.testing.TestingRole;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What {@code explain} says of a DefectDojo at random, beside what plain SQL says of it. */
class ExplainTest {
  private static final long SEED = TestingRandomGrants.anySeed();
  private static final int SAMPLE = 12;

  /** Step to the tables that give its pairs, and the table that holds them. */
  private static final Map<String, List<String>> TABLES =
      Map.of(
          "product-users",
          List.of(
              "product_id",
              "dojo_product_member",
              "dojo_product_group",
              "dojo_product_authorized_users"),
          "product-type-users",
          List.of(
              "product_type_id",
              "dojo_product_type_member",
              "dojo_product_type_group",
              "dojo_product_type_authorized_users"));

  private static TestingDojo dojo;
  private static String runId;

  @BeforeAll
  static void runOnce() throws Exception {
    dojo = TestingDojo.create();
    TestingRandomGrants.fill(dojo.connection, SEED);
    dojo.database.execute(
        "CREATE TABLE before_run AS SELECT product_id AS o, dojo_user_id AS u FROM dojo_product_authorized_users",
        "CREATE TABLE types_before_run AS SELECT product_type_id AS o, dojo_user_id AS u FROM dojo_product_type_authorized_users");
    TestingRun run = dojo.run("run", "--label", "ticket=OPS-7");
    assertThat(run.code()).as(run.said()).isZero();
    runId = run.line().path("runId").asText();
    // From here on sources and target differ: pairs that nothing gives, and pairs that are not
    // there.
    dojo.database.execute(
        "CREATE TABLE added AS SELECT product_id AS o, dojo_user_id AS u FROM dojo_product_authorized_users"
            + " EXCEPT SELECT * FROM before_run",
        "CREATE TABLE types_added AS SELECT product_type_id AS o, dojo_user_id AS u"
            + " FROM dojo_product_type_authorized_users EXCEPT SELECT * FROM types_before_run",
        "DELETE FROM dojo_dojo_group_member WHERE id % 3 = 0",
        "DELETE FROM dojo_product_authorized_users WHERE id % 4 = 0");
  }

  @AfterAll
  static void drop() throws SQLException {
    dojo.close();
  }

  private static TestingRun explain(String... options) {
    return dojo.run("explain", options);
  }

  private static JsonNode explained(TestingRun run, String step) {
    for (JsonNode each : run.report().path("explained")) {
      if (each.path("step").asText().equals(step)) {
        return each;
      }
    }
    throw new AssertionError("no step " + step + " in " + run.report());
  }

  private static List<String> texts(String sql) throws SQLException {
    return dojo.database.rows(sql).stream().map(row -> String.valueOf(row.get(0))).toList();
  }

  private static List<String> ids(JsonNode found) {
    return found.path("keys").findValuesAsText("id");
  }

  @Test
  void waysRowsTargetAndHistoryOfAnyPairAreWhatSqlSays() throws Exception {
    for (Map.Entry<String, List<String>> each : TABLES.entrySet()) {
      List<List<Object>> pairs = pairs(each.getValue());
      Collections.shuffle(pairs, new Random(SEED));
      for (List<Object> pair : pairs.subList(0, Math.min(SAMPLE, pairs.size()))) {
        same(each.getKey(), each.getValue(), pair.get(0), pair.get(1));
      }
    }
  }

  /** Every object beside every user: most of them give nothing. */
  private static List<List<Object>> pairs(List<String> tables) throws SQLException {
    String objects = tables.get(0).equals("product_id") ? "dojo_product" : "dojo_product_type";
    return new ArrayList<>(
        dojo.database.rows("SELECT o.id, u.id FROM " + objects + " o, auth_user u ORDER BY 1, 2"));
  }

  private static void same(String step, List<String> tables, Object object, Object user)
      throws SQLException {
    String o = tables.get(0);
    TestingRun run =
        explain("--object=" + object, "--user=" + user, "--step", step, "--limit", "1000");
    String about = step + " " + object + " " + user + ": " + String.join("\n", run.out());
    assertThat(run.code()).as(about + run.said()).isZero();
    JsonNode explained = explained(run, step);
    List<String> direct =
        texts(
            "SELECT id FROM %s WHERE %s = %s AND user_id = %s ORDER BY id"
                .formatted(tables.get(1), o, object, user));
    List<String> groups =
        texts(
            "SELECT DISTINCT g.group_id FROM %s g JOIN dojo_dojo_group_member m USING (group_id) WHERE g.%s = %s AND m.user_id = %s ORDER BY 1"
                .formatted(tables.get(2), o, object, user));
    List<String> told = new ArrayList<>();
    for (JsonNode way : explained.path("given").path("ways")) {
      if (way.path("group").isNull()) {
        assertThat(ids(way.path("grants"))).as(about).isEqualTo(direct);
      } else {
        String group = way.path("group").asText();
        told.add(group);
        assertThat(ids(way.path("grants")))
            .as(about)
            .isEqualTo(
                texts(
                    "SELECT id FROM %s WHERE %s = %s AND group_id = %s ORDER BY id"
                        .formatted(tables.get(2), o, object, group)));
        assertThat(ids(way.path("members")))
            .as(about)
            .isEqualTo(
                texts(
                    "SELECT id FROM dojo_dojo_group_member WHERE user_id = %s AND group_id = %s ORDER BY id"
                        .formatted(user, group)));
      }
    }
    assertThat(told).as(about).isEqualTo(groups);
    assertThat(explained.path("given").path("allWays").asInt())
        .as(about)
        .isEqualTo(groups.size() + (direct.isEmpty() ? 0 : 1));
    boolean given = !groups.isEmpty() || !direct.isEmpty();
    assertThat(explained.path("gives").asBoolean()).as(about).isEqualTo(given);
    List<String> held =
        texts(
            "SELECT id FROM %s WHERE %s = %s AND dojo_user_id = %s"
                .formatted(tables.get(3), o, object, user));
    assertThat(ids(explained.path("held").path("rows"))).as(about).isEqualTo(held);
    assertThat(run.out().get(0))
        .as(about)
        .contains(given ? " to give " : "nothing gives ")
        .contains(
            held.isEmpty()
                ? "does not have the pair."
                : given ? "has the pair." : "has the pair all the same, as surplus.");
    String added = o.equals("product_id") ? "added" : "types_added";
    history(
        explained.path("history"),
        dojo.database.count(
            "SELECT count(*) FROM %s WHERE o = %s AND u = %s".formatted(added, object, user)),
        about);
  }

  /** What the run added has it in its history, also where it is gone, and nothing else has. */
  private static void history(JsonNode history, long added, String about) throws SQLException {
    assertThat(history.path("unknown").isNull()).as(about).isTrue();
    JsonNode events = history.path("events");
    assertThat(events).as(about).hasSize((int) added);
    for (JsonNode event : events) {
      assertThat(event.path("event").asText()).isEqualTo("INSERT");
      assertThat(event.path("runId").asText()).isEqualTo(runId);
      assertThat(event.path("labels").path("ticket").asText()).isEqualTo("OPS-7");
      assertThat(
              dojo.database.count(
                  "SELECT count(*) FROM backfill.batch WHERE run_id = '%s' AND step = '%s' AND partition = %s AND after_key = '%s' AND xid = '%s'"
                      .formatted(
                          runId,
                          event.path("step").asText(),
                          event.path("partition").asText(),
                          event.path("afterKey").asText(),
                          event.path("xid").asText())))
          .isOne();
    }
  }

  @Test
  void pairThatTheRunAddedHasItInItsHistoryAndOneMadeByHandHasNot() throws Exception {
    List<List<Object>> added =
        dojo.database.rows("SELECT o, u FROM added ORDER BY md5(o || ' ' || u) LIMIT 5");
    assertThat(added).isNotEmpty();
    for (List<Object> pair : added) {
      TestingRun run =
          explain("--object=" + pair.get(0), "--user=" + pair.get(1), "--step", "product-users");
      assertThat(run.line().path("explained").path(0).path("last").path("runId").asText())
          .as(String.join("\n", run.out()))
          .isEqualTo(runId);
      assertThat(run.out())
          .anyMatch(
              line -> line.contains("added ") && line.contains(runId) && line.contains("OPS-7"));
    }
    dojo.dojo.authorizedUser("by-hand", "by-hand");
    TestingRun other =
        explain(
            "--object=" + texts("SELECT id FROM dojo_product WHERE name = 'by-hand'").get(0),
            "--user=" + texts("SELECT id FROM auth_user WHERE username = 'by-hand'").get(0),
            "--step",
            "product-users");
    assertThat(other.out())
        .anyMatch(line -> line.contains("as surplus"))
        .anyMatch(line -> line.contains("history: no run of the ledger wrote it"));
  }

  @Test
  void whatAUserHasAndWhoHasAnObjectAreCountedByWayAsSqlCountsThem() throws Exception {
    List<String> users = texts("SELECT id FROM auth_user ORDER BY id");
    for (String user : users.subList(0, Math.min(4, users.size()))) {
      counted(
          explain("--user=" + user, "--step", "product-users", "--limit", "3"),
          ("SELECT NULL AS g, count(DISTINCT product_id) AS n FROM dojo_product_member WHERE user_id = %1$s"
                  + " HAVING count(*) > 0 UNION ALL SELECT group_id, count(DISTINCT product_id) FROM dojo_product_group"
                  + " WHERE group_id IN (SELECT group_id FROM dojo_dojo_group_member WHERE user_id = %1$s) GROUP BY 1")
              .formatted(user),
          "product_id",
          "user_id = " + user);
    }
    List<String> objects = texts("SELECT id FROM dojo_product ORDER BY id");
    for (String object : objects.subList(0, Math.min(4, objects.size()))) {
      counted(
          explain("--object=" + object, "--step", "product-users", "--limit", "3"),
          ("SELECT NULL AS g, count(DISTINCT user_id) AS n FROM dojo_product_member WHERE product_id = %1$s"
                  + " HAVING count(*) > 0 UNION ALL SELECT group_id, count(DISTINCT user_id) FROM dojo_dojo_group_member"
                  + " WHERE group_id IN (SELECT group_id FROM dojo_product_group WHERE product_id = %1$s) GROUP BY 1")
              .formatted(object),
          "user_id",
          "product_id = " + object);
    }
  }

  private static void counted(TestingRun run, String ways, String other, String known)
      throws SQLException {
    String about = known + ": " + String.join("\n", run.out());
    assertThat(run.code()).as(about + run.said()).isZero();
    JsonNode explained = explained(run, "product-users");
    List<List<Object>> all =
        dojo.database.rows("SELECT g::text, n FROM (" + ways + ") w ORDER BY n DESC");
    assertThat(explained.path("given").path("allWays").asInt()).as(about).isEqualTo(all.size());
    List<String> pairs = new ArrayList<>();
    TreeSet<String> told = new TreeSet<>();
    for (JsonNode way : explained.path("given").path("ways")) {
      pairs.add(way.path("pairs").asText());
      told.add(way.path("group").asText() + " " + way.path("pairs").asText());
    }
    assertThat(pairs)
        .as(about)
        .isEqualTo(all.stream().limit(3).map(row -> row.get(1).toString()).toList());
    assertThat(all.stream().map(row -> row.get(0) + " " + row.get(1)).toList())
        .as(about)
        .containsAll(told);
    assertThat(explained.path("given").path("pairs").asLong())
        .as(about)
        .isEqualTo(
            dojo.database.count(
                ("SELECT count(DISTINCT %1$s) FROM (SELECT product_id, user_id FROM dojo_product_member UNION"
                        + " SELECT product_id, user_id FROM dojo_product_group JOIN dojo_dojo_group_member USING (group_id)) p"
                        + " WHERE %2$s")
                    .formatted(other, known)));
    assertThat(explained.path("held").path("rows").path("rows").asLong())
        .as(about)
        .isEqualTo(
            dojo.database.count(
                "SELECT count(*) FROM dojo_product_authorized_users WHERE "
                    + known.replace("user_id", "dojo_user_id")));
    assertThat(explained.path("history").isNull()).isTrue();
  }

  @Test
  void objectAndUserThatAreNowhereAreGivenByNothing() {
    TestingRun run = explain("--object", "2000000000", "--user", "-2000000000");

    assertThat(run.code()).isZero();
    assertThat(run.out().get(0))
        .isEqualTo(
            "step product-users: nothing gives product_id 2000000000 to dojo_user_id -2000000000;"
                + " dojo_product_authorized_users does not have the pair.");
    assertThat(run.line().path("explained")).hasSize(2);
    assertThat(run.line().path("status").asText()).isEqualTo("succeeded");
    assertThat(explain("--user", "2000000000", "--step", "product-users").out().get(0))
        .isEqualTo(
            "step product-users: dojo_user_id 2000000000 is given 0 objects (product_id);"
                + " dojo_product_authorized_users has 0 rows of it.");
  }

  @Test
  void whatIsNoValueOrNoStepIsRefusedWithOneMessage() {
    TestingRun value = explain("--object", "x'7", "--user", "1");
    assertThat(value.code()).isEqualTo(2);
    assertThat(value.err())
        .containsExactly(
            "explain: --object x'7 is no value of dojo_product_authorized_users.product_id, which is integer:"
                + " invalid input syntax for type integer: \"x'7\"; --object x'7 is no value of"
                + " dojo_product_type_authorized_users.product_type_id, which is integer:"
                + " invalid input syntax for type integer: \"x'7\"");
    assertThat(explain("--user", "99999999999", "--step", "product-users").err())
        .containsExactly(
            "explain: --user 99999999999 is no value of dojo_product_authorized_users.dojo_user_id, which is integer:"
                + " value \"99999999999\" is out of range for type integer");
    assertThat(explain().err())
        .containsExactly(
            "explain: --object and --user are both missing; give the keys of a pair, or one of them to count what it has, or --key for a row");
    assertThat(explain("--user", "1", "--limit", "0").err())
        .containsExactly("explain: --limit must be at least 1, got 0");
    assertThat(explain("--user", "1", "--step", "product-usrs").err().get(0))
        .startsWith("explain: the plan has no step product-usrs; it has product-users, ")
        .endsWith("; did you mean product-users?");
    TestingRun flags = explain("--user", "1", "--step", "user-flags");
    assertThat(flags.code()).isEqualTo(2);
    assertThat(flags.err())
        .containsExactly(
            "explain: step user-flags is not of kind pairs; --object and --user are for pairs, --key is for rows");
  }

  @Test
  void roleThatMayReadExplainsAndIsToldWhichRightItLacks() throws Exception {
    try (TestingRole reader = TestingRole.plain(dojo.database)) {
      String role = reader.name;
      dojo.database.execute(
          "GRANT SELECT ON dojo_product_authorized_users, dojo_product_member, dojo_dojo_group_member, dojo_role TO "
              + role);
      String[] words = {
        "explain", TestingRun.DOJO, "--object", "1", "--user", "1", "--step", "product-users"
      };

      TestingRun lacking = TestingRun.of(reader.environment(), words);

      assertThat(lacking.code()).isEqualTo(3);
      assertThat(lacking.err())
          .containsExactly(
              "source product_group: no right to SELECT on dojo_product_group; GRANT SELECT (\"product_id\", \"group_id\")"
                  + " ON \"public\".\"dojo_product_group\" TO \""
                  + role
                  + "\"",
              "ledger: no right to read it in schema backfill; GRANT USAGE ON SCHEMA \"backfill\" TO \""
                  + role
                  + "\"; GRANT SELECT ON \"backfill\".run, \"backfill\".batch TO \""
                  + role
                  + "\"");
      dojo.database.execute(
          "GRANT SELECT (product_id, group_id) ON dojo_product_group TO " + role,
          "GRANT USAGE ON SCHEMA backfill TO " + role,
          "GRANT SELECT ON backfill.run, backfill.batch TO " + role);

      TestingRun reading = TestingRun.of(reader.environment(), words);

      assertThat(reading.code()).as(reading.said()).isZero();
    }
  }

  @Test
  void sqlIsShownAsItWasSentAndNothingIsWritten() throws Exception {
    List<List<Object>> before = dojo.trace();

    TestingRun run = explain("--object", "1", "--user", "2", "--step", "product-users", "--sql");

    assertThat(run.out())
        .contains(
            "-- $1 = 1",
            "-- $2 = 2",
            "SELECT DISTINCT \"group_id\"::pg_catalog.int8::pg_catalog.text FROM \"public\".\"dojo_product_group\""
                + " WHERE \"product_id\" = $1::pg_catalog.int8 AND \"group_id\" IS NOT NULL;")
        .anyMatch(line -> line.contains("FROM \"backfill\".batch b JOIN"));
    assertThat(dojo.trace()).isEqualTo(before);
  }
}
