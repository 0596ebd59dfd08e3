package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Values of each type go from a table to another as they are, and a rerun sees no difference. */
class CarriedTypesTest {
  private static final String COLUMNS =
      "u, e, es, ts, b, ip, at, plain, d, s, l, ls, f, n, num, j, c, v, iv, r, dp, third";

  @TempDir Path directory;
  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        """
        CREATE TYPE mood AS ENUM ('sad', 'ok');
        CREATE TABLE a (
          id integer PRIMARY KEY, u uuid, e mood, es mood[], ts text[], b bytea, ip inet, at timestamptz,
          plain timestamp, d date, s smallint, l bigint, ls bigint[], f boolean, n numeric, num numeric(10,2),
          j jsonb, c char(5), v varchar(9), iv interval, r real, dp double precision, third timestamptz(3));
        CREATE TABLE z (LIKE a INCLUDING ALL);
        INSERT INTO a VALUES
          (1, 'C42FDF75-3097-471C-8C33-FB52454D81C0', 'ok', '{sad,ok}', ARRAY['a"b', NULL, '', 'NULL', 'x,y\\z'],
           '\\x00ff', '10.0.0.0/8', 'infinity', '-infinity', 'infinity', -32768, 9223372036854775807, '{1,NULL,3}',
           true, 1.1, 1.10, '{"b": 1, "a": [1.50, null]}', 'ab', 'ab', '1 day 2 hours', 0.1, 0.1, 'infinity'),
          (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
           NULL, NULL, NULL, NULL, NULL),
          (3, md5('x')::uuid, 'sad', '{}', '{}', '', '::1', '-infinity', '2020-02-29 23:59:59.123456', '0044-03-15 BC',
           0, 0, '{}', false, 12345678901234567890.123456789, -0.01, 'null', '', '', '-1 mon', 'NaN', 'Infinity',
           '2020-01-01 00:00:00.123'),
          (4, md5('y')::uuid, 'sad', '{NULL}', '{NULL}', 'q', '1.2.3.4', '0044-03-15 12:00:00+00 BC',
           '12020-01-01', '12020-01-01', 1, 1, '{-1}', false, 0, 0, '"\\u00e9"', 'abcde', 'é', '0', '-Infinity',
           '1e-300', '1900-01-01 00:00:00+00:19:32')
        """);
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private TestingRun run(String command, String query, String step) throws IOException {
    Path plan = directory.resolve("types.conf");
    Files.writeString(
        plan,
        """
        name = types
        limits.rejected-rows = 10
        sources { a = a }
        steps = [{ name = copy, kind = rows, %s, query = \"""%s\""", into = { table = z, key = [id] } }]
        """
            .formatted(step, query));
    return TestingRun.of(database.environment(), command, plan.toString());
  }

  private List<List<Object>> z() throws SQLException {
    return database.rows("SELECT xmin::text, z::text FROM z ORDER BY id");
  }

  @Test
  void valuesSurviveBothWaysAndARerunWritesNothing() throws Exception {
    TestingRun run = run("run", "SELECT id, " + COLUMNS + " FROM a", "mode = upsert");

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.counts("copy", "inserted", "rejected", "missing"))
        .isEqualTo(RunTest.numbers(4, 0, 0));
    assertThat(database.rows("SELECT z::text FROM z ORDER BY id"))
        .isEqualTo(database.rows("SELECT a::text FROM a ORDER BY id"));

    List<List<Object>> before = z();
    TestingRun rerun = run("run", "SELECT id, " + COLUMNS + " FROM a", "mode = upsert");
    assertThat(rerun.code()).as(rerun.said()).isZero();
    assertThat(rerun.counts("copy", "unchanged", "updated")).isEqualTo(RunTest.numbers(4, 0));
    assertThat(z()).isEqualTo(before);

    database.execute(
        "UPDATE z SET at = now(), ls = '{7}', ip = '1.1.1.1', j = '{}', es = '{ok}', b = 'x', d = '2020-01-01',"
            + " num = 5, c = 'q', iv = '1 s' WHERE id < 4");
    TestingRun mending = run("run", "SELECT id, " + COLUMNS + " FROM a", "mode = update");
    assertThat(mending.counts("copy", "updated", "changedMeanwhile", "missing"))
        .as(mending.said())
        .isEqualTo(RunTest.numbers(3, 0, 0));
    assertThat(database.rows("SELECT z::text FROM z ORDER BY id"))
        .isEqualTo(database.rows("SELECT a::text FROM a ORDER BY id"));
  }

  @Test
  void anotherWordingOfAValueIsNoDifference() throws Exception {
    database.execute("INSERT INTO z SELECT * FROM a WHERE id = 1");
    List<List<Object>> before = z();
    String query =
        """
        SELECT 1 AS id, '{C42FDF753097471C8C33FB52454D81C0}' AS u, '10.0.0.0/8' AS ip, '{"a":[1.50,null],"b":1}' AS j,
               1.1 AS n, 1.104 AS num, 'ab   ' AS c, '26 hours' AS v, array('sad', 'ok') AS es,
               array(1, NULL, 3) AS ls, 'infinity' AS at, X'00ff' AS b, '1 day 02:00' AS iv, 0.1 AS dp
        """
            .replace("'26 hours' AS v", "'ab' AS v");

    TestingRun run = run("run", query, "mode = upsert");

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.counts("copy", "unchanged", "updated")).isEqualTo(RunTest.numbers(1, 0));
    assertThat(z()).isEqualTo(before);
  }

  @Test
  void valuesThatAreNoneAndKeysThatAreNullAreRejected() throws Exception {
    String query =
        "SELECT CASE WHEN id < 3 THEN id END AS id, CASE id WHEN 1 THEN 'nowhere' ELSE '1.1.1.1' END AS ip FROM a";

    TestingRun plan = run("plan", query, "mode = insert-missing");
    TestingRun run = run("run", query, "mode = insert-missing");

    assertThat(plan.counts("copy", "planned", "toInsert", "rejected"))
        .as(plan.said())
        .isEqualTo(RunTest.numbers(4, 1, 3));
    assertThat(run.code()).as(run.said()).isEqualTo(8);
    assertThat(run.counts("copy", "planned", "inserted", "rejected", "missing"))
        .isEqualTo(RunTest.numbers(4, 1, 3, 0));
    assertThat(run.step("copy").path("rejections").findValuesAsText("reason"))
        .containsExactlyInAnyOrder(
            "null-key", "null-key", "invalid input syntax for type inet: \"nowhere\"");
    assertThat(database.rows("SELECT id, ip::text FROM z")).hasToString("[[2, 1.1.1.1/32]]");
  }

  @Test
  void aTypeThatCannotBeCarriedIsRefusedByName() throws Exception {
    database.execute(
        "ALTER TABLE z ADD rc regclass, ADD x json, ADD took interval",
        "ALTER TABLE a ADD rc regclass");

    TestingRun run =
        run(
            "check",
            "SELECT id, rc, '{}' AS x, iv + interval '1 day' AS took, max(e) OVER () AS e, c = 'ab' AS f FROM a",
            "mode = upsert");

    assertThat(run.code()).isEqualTo(3);
    assertThat(run.said())
        .contains("source a: a.rc is regclass, whose values mean something in one database")
        .contains("step copy: z.rc is regclass, whose values mean something in one database")
        .contains("step copy: z.x is json, of which PostgreSQL cannot say whether two values");
  }
}
