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

/** Objects within objects, beside what a recursive query on the server makes of them. */
class NestedObjectsTest {
  private static final String PLAN =
      """
      name = tree
      allow-delete = true
      sources { owners = owner, grants = granted, members = member, nested = nested, folders = folder, files = file }
      steps = [{ name = pairs, kind = pairs
        direct  = [{ from = owners, object = o, user = u }]
        through = [{ from = grants, object = o, group = g }]
        members = [{ from = members, group = g, user = u }]
        nested  = [{ from = nested, parent = p, child = c }]
        objects = [{ from = folders, parent = parent_id, child = id },
                   { from = files, parent = folder_id, child = id }]
        into    = { table = sees, object = o, user = u }
        surplus = delete
        LEAVES }]
      """;

  private static final String EXPECTED =
      """
      WITH RECURSIVE groups(g, r) AS (
        SELECT g, g FROM granted UNION SELECT groups.g, n.c FROM groups JOIN nested n ON n.p = groups.r),
      given AS (
        SELECT t.o, m.u FROM granted t JOIN groups USING (g) JOIN member m ON m.g = groups.r
        UNION SELECT o, u FROM owner),
      held AS (SELECT parent_id AS p, id AS c FROM folder UNION ALL SELECT folder_id, id FROM file),
      below(o, r) AS (
        SELECT o, o FROM given UNION SELECT below.o, held.c FROM below JOIN held ON held.p = below.r)
      SELECT DISTINCT below.r AS o, given.u FROM given JOIN below USING (o) WHERE LEAVES ORDER BY 1, 2
      """;

  @TempDir Path directory;
  private TestingDatabase database;

  @BeforeEach
  void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private Path plan(String leaves) throws Exception {
    return Files.writeString(directory.resolve("tree.conf"), PLAN.replace("LEAVES", leaves));
  }

  private void tables(String type) throws SQLException {
    database.execute(
        "CREATE TABLE owner (o " + type + " NOT NULL, u int NOT NULL)",
        "CREATE TABLE granted (o " + type + " NOT NULL, g int NOT NULL)",
        "CREATE TABLE member (g int NOT NULL, u int NOT NULL)",
        "CREATE TABLE nested (p int NOT NULL, c int NOT NULL)",
        "CREATE TABLE folder (id " + type + " PRIMARY KEY, parent_id " + type + ")",
        "CREATE TABLE file (id " + type + " PRIMARY KEY, folder_id " + type + ")",
        "CREATE TABLE sees (o " + type + ", u int, PRIMARY KEY (o, u))");
  }

  private TestingRun ran(String command, Path plan, String... options) {
    TestingRun run = TestingRun.of(database.environment(), command, plan, options);
    assertThat(run.code()).as(run.said()).isZero();
    return run;
  }

  /** Circles of folders, files without a folder, grants on files and on what is nowhere else. */
  @ParameterizedTest
  @CsvSource({
    "bigint, i * 5000000000, '', 0 B",
    "uuid, md5(i::text)::uuid, leaves = files, 256 MiB"
  })
  void atRandomReachWhatARecursiveQueryReaches(
      String type, String key, String leaves, String broadcast) throws Exception {
    TestingSeed seed = TestingSeed.any();
    tables(type);
    database.execute(
        "CREATE FUNCTION k(i bigint) RETURNS " + type + " LANGUAGE sql AS $$ SELECT " + key + " $$",
        "DO $$ BEGIN PERFORM setseed("
            + seed.fraction()
            + "); "
            + "INSERT INTO folder SELECT k(i), CASE WHEN i % 7 > 0 THEN k((random() * (i - 1))::int) END FROM generate_series(1, 60) i; "
            + "UPDATE folder SET parent_id = k(3) WHERE id = k(1); UPDATE folder SET parent_id = k(1) WHERE id = k(3); "
            + "UPDATE folder SET parent_id = k(5) WHERE id = k(5); "
            + "INSERT INTO file SELECT k(i), CASE WHEN i % 5 > 0 THEN k((random() * 65)::int) END FROM generate_series(1000, 1150) i; "
            + "INSERT INTO owner SELECT k((random() * 60)::int), 500 + i FROM generate_series(1, 12) i; "
            + "INSERT INTO owner SELECT k(1000 + i * 5), 600 + i % 3 FROM generate_series(0, 10) i; "
            + "INSERT INTO owner VALUES (k(7777), 1); "
            + "INSERT INTO granted SELECT k((random() * 60)::int), (random() * 15)::int FROM generate_series(1, 15) i; "
            + "INSERT INTO member SELECT (random() * 15)::int, (random() * 50)::int FROM generate_series(1, 40); "
            + "INSERT INTO nested SELECT (random() * 15)::int, (random() * 15)::int FROM generate_series(1, 10); END $$");
    Path plan = plan(leaves);
    String expected =
        EXPECTED.replace("LEAVES", leaves.isEmpty() ? "true" : "below.r IN (SELECT id FROM file)");
    String[] options = {
      "--set", "flatten.broadcast-bytes=" + broadcast, "--set", "limits.surplus-percent=none"
    };

    TestingRun dry = ran("plan", plan, options);
    TestingRun run = ran("run", plan, options);

    String about = seed + " " + run.said();
    assertThat(run.inserted()).as(about).isPositive();
    assertThat(dry.step().path("toInsert").asLong()).as(about).isEqualTo(run.inserted());
    assertThat(database.rows("SELECT o, u FROM sees ORDER BY 1, 2"))
        .as(about)
        .isEqualTo(database.rows(expected));
    JsonNode nested = run.step().path("nestedObjects");
    assertThat(nested.path("edges").asLong())
        .isEqualTo(
            database.count(
                "SELECT (SELECT count(parent_id) FROM folder) + (SELECT count(folder_id) FROM file)"));
    assertThat(nested.path("keysInCycles").asLong()).as(about).isGreaterThanOrEqualTo(2);
    assertThat(nested.path("selfNested").asLong()).as(about).isGreaterThanOrEqualTo(1);
    assertThat(run.said()).contains("which have the same grants: ");
    assertThat(ran("run", plan, options).inserted()).as(about).isZero();
    ran("verify", plan, options);
    explained(plan, database.rows(expected), about);

    database.execute(
        "UPDATE folder SET parent_id = k(2) WHERE id = k(40)",
        "DELETE FROM owner WHERE u = 501",
        "DELETE FROM file WHERE id = k(1003)");
    TestingRun again = ran("run", plan, options);
    assertThat(again.step().path("missing").asLong()).isZero();
    assertThat(database.rows("SELECT o, u FROM sees ORDER BY 1, 2"))
        .as(about)
        .isEqualTo(database.rows(expected));
  }

  private void explained(Path plan, List<List<Object>> expected, String about) {
    List<Object> pair = expected.get(expected.size() / 2);
    String object = String.valueOf(pair.get(0));
    String user = String.valueOf(pair.get(1));
    assertThat(given(plan, "--object=" + object).path("pairs").asLong())
        .as(about)
        .isEqualTo(expected.stream().filter(row -> row.get(0).toString().equals(object)).count());
    assertThat(given(plan, "--user=" + user).path("pairs").asLong())
        .as(about)
        .isEqualTo(expected.stream().filter(row -> row.get(1).toString().equals(user)).count());
    JsonNode given = given(plan, "--object=" + object, "--user=" + user);
    assertThat(given.path("pairs").asLong()).as(about).isEqualTo(1);
    given
        .path("ways")
        .forEach(way -> assertThat(way.path("grants").path("rows").asLong()).isPositive());
  }

  private JsonNode given(Path plan, String... options) {
    return ran("explain", plan, options).report().path("explained").path(0).path("given");
  }

  @Test
  void theChainThroughGroupsAndObjectsIsNamedInWords() throws Exception {
    tables("int");
    database.execute(
        "INSERT INTO folder VALUES (1, NULL), (2, 1), (3, 2)",
        "INSERT INTO file VALUES (10, 3), (11, NULL)",
        "INSERT INTO granted VALUES (1, 7)",
        "INSERT INTO nested VALUES (7, 8)",
        "INSERT INTO member VALUES (8, 5)",
        "INSERT INTO owner VALUES (2, 6), (11, 6)");
    Path plan = plan("leaves = files");
    TestingRun run = ran("explain", plan, "--object=10", "--user=5");
    String said = run.out().toString().replaceAll(",\\s+", " ").replaceAll("\\s+", " ");
    assertThat(said)
        .contains(
            "user 5 is a member of group 8 which is nested in 7 which is granted object 1 which holds 2"
                + " which holds 3 which holds 10");
    JsonNode way = given(plan, "--object=10", "--user=6").path("ways").path(0);
    assertThat(way.path("objects").toString()).isEqualTo("[\"2\",\"3\",\"10\"]");
    assertThat(given(plan, "--object=2", "--user=6").path("pairs").asLong()).isZero();
    assertThat(given(plan, "--user=6").path("pairs").asLong()).isEqualTo(2);

    TestingRun sql = TestingRun.bare(database.environment(), "check", plan.toString(), "--sql");
    assertThat(String.join("\n", sql.out())).contains("\"folder_id\"").contains("\"parent_id\"");
    TestingRun wrote = ran("run", plan);
    assertThat(database.rows("SELECT o, u FROM sees ORDER BY 1, 2"))
        .as(wrote.said())
        .isEqualTo(List.of(List.of(10, 5), List.of(10, 6), List.of(11, 6)));
  }

  @Test
  void aChainOfAHundredThousandObjectsReachesItsEnd() throws Exception {
    tables("int");
    database.execute(
        "INSERT INTO folder SELECT i, i - 1 FROM generate_series(1, 100000) i",
        "INSERT INTO owner VALUES (0, 1), (99999, 2)",
        "ALTER TABLE sees ADD id smallint GENERATED BY DEFAULT AS IDENTITY");
    TestingRun refused = TestingRun.of(database.environment(), "run", plan(""));
    assertThat(refused.code()).as(refused.said()).isEqualTo(5);
    assertThat(refused.said()).contains("sees_id_seq");
    assertThat(database.count("SELECT count(*) FROM sees")).isZero();
    database.execute("ALTER TABLE sees DROP id");

    assertThat(ran("run", plan("")).inserted()).isEqualTo(100_003);

    TestingRun tight =
        TestingRun.of(
            database.environment(), "run", plan(""), "--set", "flatten.nested-bytes=1000 B");
    assertThat(tight.code()).as(tight.said()).isEqualTo(4);
    assertThat(tight.said()).contains("flatten.nested-bytes is 1,000;");
  }
}
