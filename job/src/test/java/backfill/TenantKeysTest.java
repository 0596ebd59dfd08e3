package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingHeldRun;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import backfill.testing.TestingSeed;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Keys of several columns, of which objects and users have the tenant both, beside what a query on
 * the server makes of the same tables.
 */
class TenantKeysTest {
  /** Objects have the tenant second, and users first; the target has it between others. */
  private static final String PLAN =
      """
      name = tenants
      allow-delete = true
      undo = on
      limits.surplus-percent = none
      sources {
        owners = owner, shares = share, grants = granted, members = member, edges = edge, folders = folder
      }
      views.invited = "SELECT t, o, u FROM owners WHERE t IS NOT NULL"
      never.crossing = "SELECT a.o, a.t, a.u FROM added_pairs a WHERE a.t IS NULL"
      steps = [{ name = pairs, kind = pairs
        direct  = [{ from = owners, object = [o, t], user = [t, u] },
                   { from = shares, object = [o, ot], user = [ut, u] },
                   { from = invited, object = [o, t], user = [t, u] }]
        through = [{ from = grants, object = [o, t], group = [gt, g] }]
        members = [{ from = members, group = [gt, g], user = [ut, u] }]
        nested  = [{ from = edges, parent = [pt, p], child = [ct, c] }]
        objects = [{ from = folders, parent = [p, pt], child = [o, t] }]
        into    = { table = sees, object = [o, t], user = [t, u] }
        surplus = delete }]
      """;

  private static final String GIVEN =
      """
      WITH RECURSIVE
      below(gt, g, rt, r) AS (
        SELECT gt, g, gt, g FROM granted
        UNION SELECT below.gt, below.g, e.ct, e.c FROM below JOIN edge e ON e.pt = below.rt AND e.p = below.r),
      given(ot, o, ut, u) AS (
        SELECT t, o, t, u FROM owner UNION SELECT ot, o, ut, u FROM share
        UNION SELECT x.t, x.o, m.ut, m.u FROM granted x JOIN below USING (gt, g)
                                                        JOIN member m ON m.gt = below.rt AND m.g = below.r),
      reached(ot, o, ut, u) AS (
        SELECT ot, o, ut, u FROM given
        UNION SELECT f.t, f.o, x.ut, x.u FROM reached x JOIN folder f ON f.pt = x.ot AND f.p = x.o)
      """;

  private static final String WHOLE = " AND o IS NOT NULL AND u IS NOT NULL";

  private static final String EXPECTED =
      GIVEN + "SELECT o, ot, u FROM reached WHERE ot = ut" + WHOLE + " ORDER BY 1, 2, 3";

  private static final String CROSSING =
      GIVEN + "SELECT count(*) FROM reached WHERE ot <> ut" + WHOLE;

  @TempDir Path directory;
  private TestingDatabase database;
  private Path plan;

  @BeforeEach
  void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    plan = Files.writeString(directory.resolve("tenants.conf"), PLAN);
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private void tables(String tenant, String object, String user, String group) throws SQLException {
    String script =
        """
        CREATE TABLE owner (t TENANT, o OBJECT, u USER)
        CREATE TABLE share (o OBJECT, ot TENANT, ut TENANT, u USER)
        CREATE TABLE granted (t TENANT, o OBJECT, g GROUP, gt TENANT)
        CREATE TABLE member (gt TENANT, g GROUP, u USER, ut TENANT)
        CREATE TABLE edge (pt TENANT, p GROUP, ct TENANT, c GROUP)
        CREATE TABLE folder (pt TENANT, p OBJECT, t TENANT, o OBJECT)
        CREATE TABLE sees (u USER, t TENANT, o OBJECT, since date DEFAULT '2026-01-01', PRIMARY KEY (u, t, o))
        """;
    database.execute(
        script
            .replace("TENANT", tenant)
            .replace("OBJECT", object)
            .replace("USER", user)
            .replace("GROUP", group)
            .lines()
            .toArray(String[]::new));
  }

  private TestingRun ran(String command, String... options) {
    TestingRun run = TestingRun.of(database.environment(), command, plan, options);
    assertThat(run.code()).as(run.said()).isZero();
    return run;
  }

  private void isAsExpected(String about) throws SQLException {
    assertThat(database.rows("SELECT o, t, u FROM sees ORDER BY 1, 2, 3"))
        .as(about)
        .isEqualTo(database.rows(EXPECTED));
  }

  /** A key for a number, of each type; as texts, such as are alike once they are put together. */
  private void keys(String tenant, String object, String user, String group) throws SQLException {
    String[] types = {tenant, object, user, group};
    String[] names = {"kt", "ko", "ku", "kg"};
    for (int i = 0; i < names.length; i++) {
      String key =
          switch (types[i]) {
            case "uuid" -> "md5(i::text)::uuid";
            case "text" -> "repeat('a', i % 4) || repeat('b', i / 4)";
            default -> "(i - 5)::" + types[i];
          };
      database.execute(
          "CREATE FUNCTION %s(i int) RETURNS %s LANGUAGE sql AS $$ SELECT %s $$"
              .formatted(names[i], types[i], key));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "int, bigint, uuid, text, 256 MiB",
    "text, text, text, text, 0 B",
    "uuid, int, bigint, int, 256 MiB"
  })
  void atRandomAreFlattenedAsAQueryOfTheServerDoes(
      String tenant, String object, String user, String group, String broadcast) throws Exception {
    TestingSeed seed = TestingSeed.any();
    tables(tenant, object, user, group);
    keys(tenant, object, user, group);
    database.execute(
        "CREATE FUNCTION r(n int) RETURNS int LANGUAGE sql VOLATILE AS $$ SELECT floor(random() * n)::int $$",
        "DO $$ BEGIN PERFORM setseed("
            + seed.fraction()
            + "); "
            + "INSERT INTO owner SELECT kt(r(7)), ko(r(20)), ku(r(15)) FROM generate_series(1, 60) i; "
            + "INSERT INTO owner VALUES (NULL, ko(1), ku(1)), (kt(1), NULL, ku(1)), (kt(1), ko(1), NULL); "
            + "INSERT INTO share SELECT ko(r(20)), kt(r(7)), kt(r(7)), ku(r(15)) FROM generate_series(1, 60) i; "
            + "INSERT INTO share VALUES (ko(1), kt(1), NULL, ku(1)); "
            + "INSERT INTO granted SELECT kt(r(7)), ko(r(20)), kg(r(9)), kt(r(7)) FROM generate_series(1, 40) i; "
            + "INSERT INTO granted VALUES (kt(1), ko(2), kg(1), NULL); "
            + "INSERT INTO member SELECT kt(i % 7), kg(r(9)), ku(r(15)), kt(r(2) * r(7)) FROM generate_series(1, 90) i; "
            + "INSERT INTO member VALUES (NULL, kg(1), ku(1), kt(1)), (kt(1), kg(1), ku(1), NULL); "
            + "INSERT INTO edge SELECT kt(r(7)), kg(r(9)), kt(r(7)), kg(r(9)) FROM generate_series(1, 20) i; "
            + "INSERT INTO edge VALUES (NULL, kg(1), kt(1), kg(1)); "
            + "INSERT INTO folder SELECT kt(r(7)), ko(r(20)), kt(r(7)), ko(r(20)) FROM generate_series(1, 20) i; "
            + "INSERT INTO sees SELECT DISTINCT ku(r(15)), kt(r(7)), ko(r(20)) FROM generate_series(1, 20) i; END $$",
        // Beside what is drawn: one to add, one to delete, one that crosses, and one that goes in
        // taken().
        "INSERT INTO owner VALUES (kt(7), ko(20), ku(15))",
        "INSERT INTO sees VALUES (ku(16), kt(7), ko(21))",
        "INSERT INTO share VALUES (ko(20), kt(1), kt(2), ku(15))",
        "INSERT INTO granted VALUES (kt(0), ko(22), kg(0), kt(0))",
        "INSERT INTO member VALUES (kt(0), kg(0), ku(17), kt(0))");

    String[] flattened = {"--set", "flatten.broadcast-bytes=" + broadcast};
    Path diff = directory.resolve("diff.jsonl");
    TestingRun dry = ran("plan", flattened[0], flattened[1], "--diff", diff.toString());
    TestingRun run = ran("run", flattened);

    String about = seed + " " + run.said();
    assertThat(run.counts("pairs", "inserted", "deleted"))
        .as(about)
        .allMatch(count -> count > 0)
        .isEqualTo(dry.counts("pairs", "toInsert", "toDelete"));
    assertThat(Files.readString(diff)).contains("\"owners\"");
    isAsExpected(about);
    long crossing = database.count(CROSSING);
    assertThat(crossing).as(about).isPositive();
    assertThat(run.counts("pairs", "crossing", "missing"))
        .as(about)
        .isEqualTo(List.of(crossing, 0L));
    assertThat(run.warnings())
        .anySatisfy(
            warning ->
                assertThat(warning)
                    .startsWith("step pairs: ")
                    .contains(" left out, the first of object ", "object and user differ in t,"));

    TestingRun again = ran("run", flattened);
    assertThat(again.counts("pairs", "inserted", "deleted", "surplus", "missing"))
        .as(about)
        .isEqualTo(RunTest.numbers(0, 0, 0, 0));
    if (tenant.equals("text")) {
      explained(about);
      taken(about);
    }
  }

  /** What a second dry run, a run with fewer memberships and its undoing make of it. */
  private void taken(String about) throws Exception {
    database.execute(
        "DELETE FROM member WHERE ctid IN (SELECT ctid FROM member ORDER BY gt, g, u LIMIT 30)");
    List<List<Object>> before = database.rows("SELECT o, t, u FROM sees ORDER BY 1, 2, 3");
    TestingRun dry = ran("plan");
    Path diff = directory.resolve("fewer.jsonl");
    TestingRun listed = ran("plan", "--diff", diff.toString());
    assertThat(dry.step().path("diffChecksum"))
        .as("added up by numbers, and row by row")
        .isEqualTo(listed.step().path("diffChecksum"));
    TestingRun fewer = ran("run");
    isAsExpected(about + fewer.said());
    assertThat(fewer.step().path("deleted").asLong())
        .as(about)
        .isPositive()
        .isEqualTo(before.size() - database.count("SELECT count(*) FROM sees"));
    TestingRun undone = TestingRun.of(database.environment(), "undo", fewer.runId(), "--execute");
    assertThat(undone.code()).as(undone.said()).isZero();
    assertThat(database.rows("SELECT o, t, u FROM sees ORDER BY 1, 2, 3"))
        .as(about)
        .isEqualTo(before);
  }

  /** The view gives what a source gives, too; without it all is looked at. */
  private void explained(String about) throws Exception {
    Files.writeString(plan, PLAN.replaceAll("\\n *\\{ from = invited.*", "]"));
    List<List<Object>> expected = database.rows(EXPECTED);
    List<Object> pair = expected.get(expected.size() / 2);
    String object = key(pair.get(0)) + "," + key(pair.get(1));
    String user = key(pair.get(1)) + "," + key(pair.get(2));
    JsonNode given = given("--object=" + object).path("given");
    assertThat(given.path("ways").size()).as(about).isPositive();
    assertThat(counted("--object=" + object))
        .as(about + object)
        .isEqualTo(
            expected.stream()
                .filter(each -> each.subList(0, 2).equals(pair.subList(0, 2)))
                .count());
    assertThat(counted("--user=" + user))
        .as(about + user)
        .isEqualTo(
            expected.stream()
                .filter(each -> each.subList(1, 3).equals(pair.subList(1, 3)))
                .count());
    JsonNode one = given("--object=" + object, "--user=" + user);
    assertThat(one.path("given").path("ways").size()).as(about + one).isPositive();
    assertThat(one.path("object").toString())
        .isEqualTo(
            "{\"column\":\"o, t\",\"value\":\"%s\"}".formatted(object.replace("\\", "\\\\")));
    assertThat(one.path("held").path("rows").path("rows").asLong()).as(about).isEqualTo(1);
    assertThat(one.path("history").path("unknown").isNull()).isTrue();
    String other =
        database
            .rows("SELECT min(ot::text) FROM share WHERE ot <> '" + pair.get(1) + "'")
            .get(0)
            .get(0)
            .toString();
    JsonNode crossing = given("--object=" + object, "--user=" + other + "," + key(pair.get(2)));
    assertThat(crossing.path("skipped").asText())
        .isEqualTo("object and user differ in t, which both have, and no grant crosses it");
    assertThat(crossing.path("gives").asBoolean(true)).isFalse();
  }

  private static String key(Object value) {
    return value.toString().replace(",", "\\,");
  }

  private long counted(String option) {
    JsonNode given = given(option).path("given");
    assertThat(given.path("unseen")).isEmpty();
    return given.path("pairs").asLong();
  }

  private JsonNode given(String... options) {
    return ran("explain", options).report().path("explained").path(0);
  }

  private void direct() throws Exception {
    Files.writeString(
        plan,
        """
        name = tenants
        limits.rejected-rows = 1
        sources.owners = owner
        steps = [{ name = pairs, kind = pairs
          direct = [{ from = owners, object = [t, o], user = [t, u] }]
          into   = { table = sees, object = [t, o], user = [t, u] } }]
        """);
  }

  @Test
  void aParentOfSeveralColumnsThatWentMeanwhileIsKnownFromOneThatNeverWas() throws Exception {
    tables("text", "int", "uuid", "int");
    keys("text", "int", "uuid", "int");
    direct();
    database.execute(
        "CREATE TABLE tenant (id varchar(9) PRIMARY KEY)",
        "INSERT INTO tenant SELECT kt(i) FROM generate_series(0, 5) i",
        "CREATE TABLE project (id bigint, tenant text, PRIMARY KEY (id, tenant))",
        "INSERT INTO project SELECT ko(i), kt(t) FROM generate_series(0, 3) i, generate_series(0, 5) t",
        "CREATE TABLE person (tenant text, id uuid, PRIMARY KEY (tenant, id))",
        "INSERT INTO person SELECT kt(t), ku(i) FROM generate_series(0, 3) i, generate_series(0, 5) t",
        "ALTER TABLE sees ADD CONSTRAINT of_tenant FOREIGN KEY (t) REFERENCES tenant",
        "ALTER TABLE sees ADD CONSTRAINT of_project FOREIGN KEY (t, o) REFERENCES project (tenant, id)",
        "ALTER TABLE sees ADD CONSTRAINT of_person FOREIGN KEY (u, t) REFERENCES person (id, tenant)",
        "INSERT INTO owner SELECT kt(i), ko(2), ku(1) FROM generate_series(1, 4) i",
        "INSERT INTO owner VALUES (kt(1), ko(9), ku(1))");

    try (TestingHeldRun held =
        TestingHeldRun.writing(
            database,
            "sees",
            options -> TestingRun.of(database.environment(), "run", plan, options))) {
      TestingRun run =
          held.meanwhile(
                  "DELETE FROM tenant WHERE id = kt(2)",
                  "DELETE FROM project WHERE tenant = kt(3)",
                  "DELETE FROM person WHERE tenant = kt(4)")
              .release();

      assertThat(run.code()).as(run.said()).isEqualTo(8);
      assertThat(run.counts("pairs", "planned", "inserted", "rejected", "missing"))
          .isEqualTo(RunTest.numbers(5, 1, 4, 0));
      List<String> reasons = new ArrayList<>();
      run.step()
          .path("rejections")
          .forEach(
              rejection ->
                  reasons.add(
                      rejection.path("constraint").asText()
                          + " "
                          + rejection.path("reason").asText()));
      assertThat(reasons)
          .containsExactlyInAnyOrder(
              "of_tenant parent-gone",
              "of_project parent-gone",
              "of_person parent-gone",
              "of_project project has no row whose (tenant, id) is (a, 4)");
    }
  }

  @Test
  void limitsAndGainsNameKeysAsExplainTakesThem() throws Exception {
    tables("text", "int", "int", "int");
    direct();
    database.execute("INSERT INTO owner VALUES ('a,b', 1, 7), ('a,b', 2, 7), ('a', 3, 7)");

    TestingRun refused =
        TestingRun.of(database.environment(), "run", plan, "--set", "limits.pairs-for-one-user=1");
    assertThat(refused.code()).as(refused.said()).isEqualTo(5);
    assertThat(refused.message())
        .contains("plans 2 pairs for user a\\,b,7, and limits.pairs-for-one-user is 1");
    Files.writeString(
        plan, Files.readString(plan) + "limits.except.pairs-for-one-user = [\"a\\\\,b,7\"]");
    TestingRun excepted = ran("plan", "--set", "limits.pairs-for-one-user=1");
    assertThat(excepted.step().path("gains").path("users").path(0).toString())
        .isEqualTo("{\"key\":\"a\\\\,b,7\",\"pairs\":2}");
    assertThat(counted("--user=a\\,b,7")).isEqualTo(2);
  }

  @Test
  void whatDoesNotFitIsRefusedColumnByColumn() throws Exception {
    tables("int", "int", "int", "int");
    database.execute(
        "ALTER TABLE share ALTER ut TYPE text",
        "ALTER TABLE edge ALTER pt TYPE text",
        "ALTER TABLE sees DROP CONSTRAINT sees_pkey",
        "CREATE UNIQUE INDEX ON sees (u, t, o, since)",
        "CREATE UNIQUE INDEX ON sees (u, o)");

    TestingRun check = TestingRun.of(database.environment(), "check", plan);
    assertThat(check.code()).as(check.said()).isEqualTo(3);
    assertThat(check.message())
        .contains(
            "share.ut is text, and sees.t is integer: no key of the one is one of the other",
            "edge.pt is text, and granted.gt is integer: no key of the one is one of the other",
            "sees has no unique index that says which rows are the same by exactly (\"o\", \"t\", \"u\")");
  }

  /**
   * Counted by the server, before anything is read: three that a source names, and one by a group.
   */
  @Test
  void whatCrossesTakesNoSequenceValue() throws Exception {
    tables("int", "int", "int", "int");
    Files.writeString(
        plan,
        """
        name = tenants
        sources { shares = share, grants = granted, members = member }
        steps = [{ name = pairs, kind = pairs
          direct  = [{ from = shares, object = [ot, o], user = [ut, u] }]
          through = [{ from = grants, object = [t, o], group = [gt, g] }]
          members = [{ from = members, group = [gt, g], user = [ut, u] }]
          into    = { table = sees, object = [t, o], user = [t, u] } }]
        """);
    database.execute(
        "ALTER TABLE sees ADD id smallserial",
        "ALTER SEQUENCE sees_id_seq MAXVALUE 7",
        "INSERT INTO share SELECT i % 2, 1, 1 + (i > 3)::int, i FROM generate_series(1, 6) i",
        "INSERT INTO granted VALUES (1, 2, 5, 1)",
        "INSERT INTO member VALUES (1, 5, 7, 1), (1, 5, 7, 2), (2, 5, 8, 1), (NULL, 5, 9, 1)");

    TestingRun refused = TestingRun.of(database.environment(), "check", plan);
    assertThat(refused.message()).contains("sees_id_seq has 7 values left", "two full runs take 8");
    database.execute("ALTER SEQUENCE sees_id_seq MAXVALUE 8");
    ran("check");
    TestingRun run = ran("run");
    assertThat(run.counts("pairs", "inserted", "crossing")).isEqualTo(RunTest.numbers(4, 4));
  }
}
