package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingDiff;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Of pairs that come of nesting alone: what a check sees, what a diff tells, what undo takes. */
class NestedAfterwardsTest {
  private static final String PLAN =
      """
      name = afterwards
      allow-delete = true
      undo = on
      limits.surplus-percent = none
      sources { grants = granted, members = member, edges = edge, folders = folder, banned = banned }
      steps = [{ name = pairs, kind = pairs
        through = [{ from = grants, object = o, group = g }]
        members = [{ from = members, group = g, user = u }]
        nested  = [{ from = edges, parent = p, child = c }]
        objects = [{ from = folders, parent = parent_id, child = id }]
        into    = { table = sees, object = o, user = u }
        surplus = delete }]
      never.banned = "SELECT a.o, a.u FROM added_pairs a JOIN banned b ON b.u = a.u"
      """;

  private static final String EXPECTED =
      """
      WITH RECURSIVE groups(g, r) AS (
        SELECT g, g FROM granted UNION SELECT groups.g, c FROM groups JOIN edge ON p = groups.r),
      objects(o, r) AS (
        SELECT o, o FROM granted UNION SELECT objects.o, id FROM objects JOIN folder ON parent_id = objects.r)
      SELECT DISTINCT objects.r AS o, m.u FROM granted t JOIN groups USING (g) JOIN objects USING (o)
        JOIN member m ON m.g = groups.r ORDER BY 1, 2
      """;

  @TempDir Path directory;
  private TestingDatabase database;
  private Path plan;

  @BeforeEach
  void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    // The groups 2, 3 and 4 are a circle below 1, and 30 to 39 a chain below that.
    database.execute(
        "CREATE TABLE granted (o text NOT NULL, g int NOT NULL)",
        "CREATE TABLE member (g int NOT NULL, u uuid NOT NULL)",
        "CREATE TABLE edge (p int NOT NULL, c int NOT NULL)",
        "CREATE TABLE folder (id text PRIMARY KEY, parent_id text)",
        "CREATE TABLE banned (u uuid PRIMARY KEY)",
        "CREATE TABLE sees (o text, u uuid, PRIMARY KEY (o, u))",
        "INSERT INTO edge VALUES (1, 2), (2, 3), (3, 4), (4, 2), (4, 30), (9, 3)",
        "INSERT INTO edge SELECT i, i + 1 FROM generate_series(30, 38) i",
        "INSERT INTO member SELECT i, md5(i::text)::uuid FROM generate_series(1, 39) i",
        "INSERT INTO folder SELECT 'f' || i, 'f' || i / 2 FROM generate_series(2, 20) i",
        "INSERT INTO granted VALUES ('f1', 1), ('f3', 4), ('f9', 9), ('f20', 35)",
        "INSERT INTO banned VALUES (md5('39')::uuid)");
    database.execute(
        "INSERT INTO sees SELECT * FROM (" + EXPECTED + ") e WHERE md5(o || u) < '6'",
        "INSERT INTO sees SELECT 'f5', md5(i::text)::uuid FROM generate_series(9, 12) i",
        "INSERT INTO sees VALUES ('elsewhere', md5('39')::uuid)");
    plan = Files.writeString(directory.resolve("afterwards.conf"), PLAN);
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private TestingRun run(int code, String... words) {
    TestingRun run = TestingRun.of(database.environment(), words);
    assertThat(run.code()).as(run.said()).isEqualTo(code);
    return run;
  }

  private Map<Map<String, String>, Map<String, String>> sees() throws SQLException {
    return TestingDiff.table(database, "sees", "o", "u");
  }

  @Test
  void whatNestingGivesIsCheckedToldWrittenAndTakenBack() throws Exception {
    Map<Map<String, String>, Map<String, String>> before = sees();
    long banned =
        database.count(
            "SELECT count(*) FROM ("
                + EXPECTED
                + ") e JOIN banned USING (u) WHERE (o, u) NOT IN (SELECT o, u FROM sees)");

    TestingRun refused = run(5, "run", plan.toString());
    assertThat(banned).isPositive();
    assertThat(refused.report().path("never").path("banned").asLong()).isEqualTo(banned);
    assertThat(sees()).isEqualTo(before);

    database.execute("TRUNCATE banned");
    long added =
        database.count(
            "SELECT count(*) FROM ("
                + EXPECTED
                + ") e WHERE (o, u) NOT IN (SELECT o, u FROM sees)");
    Path planned = directory.resolve("planned.jsonl");
    Path written = directory.resolve("written.jsonl");
    run(0, "plan", plan.toString(), "--diff", planned.toString());
    TestingRun run = run(0, "run", plan.toString(), "--diff", written.toString());
    assertThat(database.rows("SELECT o, u FROM sees ORDER BY 1, 2"))
        .isEqualTo(database.rows(EXPECTED));
    List<JsonNode> rows = TestingDiff.rows(planned, "pairs");
    TestingDiff.assertSame(rows, before, sees());
    assertThat(added).isPositive();
    assertThat(run.inserted()).isEqualTo(added);
    assertThat(run.step().path("deleted").asLong()).isEqualTo(5);
    assertThat(Files.readString(written)).isEqualTo(Files.readString(planned));

    run(0, "undo", run.line().path("runId").asText(), "--execute");
    assertThat(sees()).isEqualTo(before);
  }
}
