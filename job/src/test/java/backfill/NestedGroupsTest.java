package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import backfill.testing.TestingSeed;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Groups within groups, beside what a recursive query on the server makes of them. */
class NestedGroupsTest {
  private static final String PLAN =
      """
      name = nested
      allow-delete = true
      sources {
        owners = owner, grants = granted, members = member
        edges = edge, folders { table = team, where = "parent_id IS NOT NULL" }
      }
      steps = [{ name = pairs, kind = pairs
        direct  = [{ from = owners, object = o, user = u }]
        through = [{ from = grants, object = o, group = g }]
        members = [{ from = members, group = g, user = u }]
        nested  = [{ from = edges, parent = p, child = c },
                   { from = folders, parent = parent_id, child = id }]
        into    = { table = sees, object = o, user = u }
        surplus = delete }]
      """;

  private static final String EXPECTED =
      """
      WITH RECURSIVE e AS (SELECT p, c FROM edge UNION ALL SELECT parent_id, id FROM team),
      below(g, r) AS (
        SELECT g, g FROM granted UNION SELECT below.g, e.c FROM below JOIN e ON e.p = below.r)
      SELECT t.o, m.u FROM granted t JOIN below USING (g) JOIN member m ON m.g = below.r WHERE u IS NOT NULL
      UNION SELECT o, u FROM owner
      ORDER BY 1, 2
      """;

  @TempDir Path directory;
  private TestingDatabase database;
  private Path plan;

  @BeforeEach
  void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    plan = Files.writeString(directory.resolve("nested.conf"), PLAN);
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private void tables(String type) throws SQLException {
    database.execute(
        "CREATE TABLE owner (o int NOT NULL, u bigint NOT NULL)",
        "CREATE TABLE granted (o int NOT NULL, g " + type + ")",
        "CREATE TABLE member (g " + type + ", u bigint)",
        "CREATE TABLE edge (p " + type + ", c " + type + ")",
        "CREATE TABLE team (id " + type + " PRIMARY KEY, parent_id " + type + ")",
        "CREATE TABLE sees (o int, u bigint, PRIMARY KEY (o, u))");
  }

  private TestingRun ran(String... options) {
    TestingRun run = TestingRun.of(database.environment(), "run", plan, options);
    assertThat(run.code()).as(run.said()).isZero();
    return run;
  }

  private void isAsExpected() throws SQLException {
    assertThat(database.rows("SELECT o, u FROM sees ORDER BY 1, 2"))
        .isEqualTo(database.rows(EXPECTED));
  }

  /** Circles, self-nesting, diamonds, groups without members, edges to groups that nothing has. */
  @ParameterizedTest
  @CsvSource({"uuid, md5(i::text)::uuid, 256 MiB", "text, '''group '' || i', 0 B"})
  void atRandomCloseAsARecursiveQueryClosesThem(String type, String key, String broadcast)
      throws Exception {
    TestingSeed seed = TestingSeed.any();
    tables(type);
    database.execute(
        "CREATE FUNCTION k(i bigint) RETURNS " + type + " LANGUAGE sql AS $$ SELECT " + key + " $$",
        "SELECT setseed(" + seed.fraction() + ")",
        "DO $$ BEGIN PERFORM setseed("
            + seed.fraction()
            + "); "
            + "INSERT INTO owner SELECT i % 30, 100 + i % 7 FROM generate_series(1, 50) i; "
            + "INSERT INTO granted SELECT i % 40, k((random() * 60)::bigint) FROM generate_series(1, 80) i; "
            + "INSERT INTO member SELECT k((random() * 80)::bigint), (random() * 200)::bigint FROM generate_series(1, 150); "
            + "INSERT INTO member VALUES (NULL, 1), (k(1), NULL); "
            + "INSERT INTO edge SELECT k((random() * 60)::bigint), k((random() * 90)::bigint) FROM generate_series(1, 60); "
            + "INSERT INTO edge SELECT k(i), k(i) FROM generate_series(3, 5) i; "
            + "INSERT INTO edge VALUES (k(200), k(201)), (k(201), k(200)), (NULL, k(1)), (k(1), NULL); "
            + "INSERT INTO team SELECT k(i), k(i / 2) FROM generate_series(20, 59) i; "
            + "INSERT INTO team SELECT k(i), NULL FROM generate_series(60, 70) i; END $$");

    String[] flattened = {"--set", "flatten.broadcast-bytes=" + broadcast};
    TestingRun dry = TestingRun.of(database.environment(), "plan", plan, flattened);
    TestingRun run = ran(flattened);

    String about = seed + " " + run.said();
    assertThat(run.inserted()).as(about).isPositive();
    assertThat(dry.step().path("toInsert").asLong()).as(about).isEqualTo(run.inserted());
    isAsExpected();
    assertThat(run.step().path("read").path("edges").asLong())
        .isEqualTo(database.count("SELECT count(*) FROM edge"));
    JsonNode nested = run.step().path("nested");
    assertThat(nested.path("edges").asLong())
        .isEqualTo(
            database.count("SELECT count(*) FROM edge WHERE p IS NOT NULL AND c IS NOT NULL")
                + database.count("SELECT count(*) FROM team WHERE parent_id IS NOT NULL"));
    assertThat(nested.path("keysInCycles").asLong()).as(about).isEqualTo(inCircles());
    assertThat(nested.path("selfNested").asLong()).as(about).isGreaterThanOrEqualTo(3);
    assertThat(nested.path("firstCycles").size())
        .isEqualTo(Math.min(20, nested.path("cycles").asInt()));
    assertThat(run.said()).contains("which have the same users: ").doesNotContain("Broadcast");

    assertThat(ran(flattened).inserted()).as(about).isZero();
    TestingRun verify = TestingRun.of(database.environment(), "verify", plan, flattened);
    assertThat(verify.code()).as(verify.said()).isZero();

    explained(about);

    database.execute(
        "DELETE FROM edge WHERE ctid IN (SELECT ctid FROM edge WHERE p <> c ORDER BY p, c LIMIT 20)",
        "INSERT INTO edge VALUES (k(60), k(1)), (k(2), k(60))");
    TestingRun again =
        ran(
            "--set",
            "limits.surplus-percent=none",
            "--set",
            "flatten.broadcast-bytes=" + broadcast);
    assertThat(again.step().path("missing").asLong()).as(about).isZero();
    isAsExpected();
  }

  /** A user and an object that are given much, and one that no one is given. */
  private void explained(String about) throws SQLException {
    List<List<Object>> expected = database.rows(EXPECTED);
    List<Object> pair = expected.get(expected.size() / 2);
    for (String object : List.of(String.valueOf(pair.get(0)), "999")) {
      JsonNode given = given("--object=" + object);
      assertThat(given.path("pairs").asLong())
          .as(about)
          .isEqualTo(
              expected.stream().filter(each -> each.get(0).toString().equals(object)).count());
    }
    String user = String.valueOf(pair.get(1));
    assertThat(given("--user=" + user).path("pairs").asLong())
        .as(about)
        .isEqualTo(expected.stream().filter(each -> each.get(1).toString().equals(user)).count());
    JsonNode ways = given("--object=" + pair.get(0), "--user=" + user).path("ways");
    assertThat(ways).as(about).isNotEmpty();
    for (JsonNode way : ways) {
      assertThat(way.path("grants").path("rows").asLong()).as(about).isPositive();
      if (!way.path("group").isNull()) {
        assertThat(way.path("members").path("rows").asLong()).as(about + way).isPositive();
      }
    }
  }

  private JsonNode given(String... options) {
    TestingRun run = TestingRun.of(database.environment(), "explain", plan, options);
    assertThat(run.code()).as(run.said()).isZero();
    return run.report().path("explained").path(0).path("given");
  }

  @Test
  void theShortestChainIsNamedInWords() throws Exception {
    tables("int");
    database.execute(
        "INSERT INTO granted VALUES (3, 7)",
        "INSERT INTO member VALUES (9, 5), (30, 6), (7, 4)",
        "INSERT INTO edge VALUES (7, 8), (8, 9), (9, 7), (7, 1), (1, 2), (2, 9)",
        "INSERT INTO edge SELECT i, i + 1 FROM generate_series(10, 29) i",
        "INSERT INTO edge VALUES (7, 10)");

    TestingRun run =
        TestingRun.of(database.environment(), "explain", plan, "--object=3", "--user=5");
    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.out().toString().replaceAll(",\\s+", " ").replaceAll("\\s+", " "))
        .contains(
            "user 5 is a member of group 9 which is nested in 8 which is nested in 7 which is granted object 3");
    JsonNode way = run.report().path("explained").path(0).path("given").path("ways").path(0);
    assertThat(way.path("group").asText()).isEqualTo("7");
    assertThat(way.path("nested").toString()).isEqualTo("[\"8\",\"9\"]");
    assertThat(way.path("members").path("keys").path(0).path("g").asText()).isEqualTo("9");

    TestingRun far =
        TestingRun.of(database.environment(), "explain", plan, "--object=3", "--user=6");
    assertThat(far.out().toString().replaceAll(",\\s+", " ").replaceAll("\\s+", " "))
        .contains("user 6 is a member of group 30 which is nested in 29 which is nested in 28")
        .contains("which is nested through 10 more groups in 7 which is granted object 3");
    assertThat(given("--object=3", "--user=4").path("ways").path(0).path("nested")).isEmpty();
    assertThat(given("--object=3").path("pairs").asLong()).isEqualTo(3);
    assertThat(given("--object=3").path("ways").path(0).path("pairs").asLong()).isEqualTo(3);
  }

  private long inCircles() throws SQLException {
    return database.count(
        """
        WITH RECURSIVE e AS (SELECT p, c FROM edge UNION ALL SELECT parent_id, id FROM team),
        below(g, r) AS (
          SELECT p, c FROM e WHERE p <> c UNION SELECT below.g, e.c FROM below JOIN e ON e.p = below.r WHERE e.p <> e.c)
        SELECT count(DISTINCT g) FROM below WHERE g = r""");
  }

  @Test
  void aChainOfAHundredThousandReachesItsEnd() throws Exception {
    tables("int");
    database.execute(
        "INSERT INTO edge SELECT i, i + 1 FROM generate_series(1, 100000) i",
        "INSERT INTO granted VALUES (1, 1), (2, 50000), (3, 100001), (4, 7777777)",
        "INSERT INTO member SELECT i, i FROM generate_series(1, 100001, 10) i");

    TestingRun run = ran();

    assertThat(run.inserted()).isEqualTo(10_001 + 5_001 + 1);
    assertThat(database.count("SELECT count(*) FROM sees WHERE o = 2 AND u < 50000")).isZero();
    assertThat(run.step().path("nested").path("cycles").asLong()).isZero();
    assertThat(run.said()).contains("100,000 nestings among 100,001 groups, no cycle");

    database.execute("INSERT INTO edge VALUES (100001, 1)");
    TestingRun ring = ran();
    isAsExpectedInARing();
    assertThat(ring.step().path("nested").path("firstCycles").path(0).path("size").asLong())
        .isEqualTo(100_001);
    assertThat(ring.step().path("nested").path("firstCycles").path(0).path("keys")).hasSize(20);
    assertThat(ring.said()).contains(" and 99,981 more");
  }

  private void isAsExpectedInARing() throws SQLException {
    assertThat(database.rows("SELECT o, count(*) FROM sees GROUP BY o ORDER BY o"))
        .isEqualTo(List.of(List.of(1, 10_001L), List.of(2, 10_001L), List.of(3, 10_001L)));
  }

  @Test
  void whatIsNestedBeyondItsMemoryIsForetoldAndRefusedAndNeverCut() throws Exception {
    tables("int");
    database.execute(
        "INSERT INTO edge SELECT i, i + 1 FROM generate_series(1, 1000) i",
        "INSERT INTO granted VALUES (1, 1)",
        "INSERT INTO member VALUES (1001, 5)",
        "ANALYZE");

    TestingRun run =
        TestingRun.of(database.environment(), "run", plan, "--set", "flatten.nested-bytes=50000 B");

    assertThat(run.code()).as(run.said()).isEqualTo(4);
    assertThat(run.report().path("error").path("message").asText())
        .contains("what is nested in what in step pairs")
        .contains("flatten.nested-bytes is 50,000;");
    assertThat(run.warnings())
        .anyMatch(
            warning ->
                warning.contains("about 1,000 rows that nest and 1 membership")
                    && warning.contains("a run that needs more ends with exit 4"));
    assertThat(database.count("SELECT count(*) FROM sees")).isZero();
  }

  @Test
  void keysOfAnotherTypeAndColumnsThatAreNotThereAreRefusedBeforeAnythingIsRead() throws Exception {
    tables("int");
    database.execute("ALTER TABLE edge ALTER c TYPE text");

    TestingRun run = TestingRun.of(database.environment(), "check", plan);

    assertThat(run.code()).as(run.said()).isEqualTo(3);
    assertThat(run.said()).contains("edge.c is text, and granted.g is integer");

    database.execute("ALTER TABLE edge RENAME c TO child");
    TestingRun renamed = TestingRun.of(database.environment(), "check", plan);
    assertThat(renamed.said()).contains("edge has no column \"c\"");
  }

  @Test
  void theEdgesAreAmongTheStatementsAndTheRights() throws Exception {
    tables("int");
    TestingRun sql = TestingRun.bare(database.environment(), "check", plan.toString(), "--sql");
    assertThat(String.join("\n", sql.out()))
        .contains(
            "COPY (SELECT \"p\"::pg_catalog.int8, \"c\"::pg_catalog.int8 FROM \"public\".\"edge\"")
        .contains("\"parent_id\"");
    TestingRun grants =
        TestingRun.bare(database.environment(), "check", plan.toString(), "--grants");
    assertThat(String.join("\n", grants.out())).contains("\"edge\"").contains("\"team\"");
  }
}
