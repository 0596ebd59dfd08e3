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
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A column that travels as a text keeps its type's meaning in a query, or the query is refused; and
 * what a query gives goes into a column exactly, or is refused.
 */
class QueryTypesTest {
  @TempDir Path directory;
  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        """
        CREATE EXTENSION citext;
        CREATE TYPE role AS ENUM ('reader', 'admin');
        CREATE TABLE a (
          id int PRIMARY KEY, role role, took interval, ip inet, email citext, code char(5), n numeric, at timestamptz,
          plain timestamp, day date, tags text[], j jsonb, u uuid, o oid, name text, f real, d float8, ok boolean, l bigint);
        CREATE TABLE b (id int PRIMARY KEY, email citext, ip inet, role role, n numeric(38,0));
        CREATE TABLE t (
          id int PRIMARY KEY, x text, role role, took interval, ip inet, n numeric, at timestamptz, plain timestamp,
          day date, tags text[], f real, d float8, ok boolean, i int, bytes bytea, j jsonb)
        """);
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  /** The reasons of a check of one step for each query, with the step's number as its name. */
  private String reasons(List<String> queries) throws IOException {
    StringBuilder steps = new StringBuilder();
    for (int i = 0; i < queries.size(); i++) {
      steps.append(
          "{ name = q%02d, kind = rows, mode = upsert, query = \"\"\"%s\"\"\", into = { table = t, key = [id] } }\n"
              .formatted(i, queries.get(i)));
    }
    Path plan = directory.resolve("types.conf");
    Files.writeString(plan, "name = types\nsources { a = a, b = b }\nsteps = [\n" + steps + "]\n");
    TestingRun run = TestingRun.of(database.environment(), "check", plan.toString());
    return run.said();
  }

  private void refused(List<String> queries) throws IOException {
    String said = reasons(queries);
    assertThat(
            IntStream.range(0, queries.size())
                .filter(i -> !said.contains("step q%02d: ".formatted(i)))
                .mapToObj(queries::get))
        .as("not refused by " + said)
        .isEmpty();
  }

  private void taken(List<String> queries) throws IOException {
    String said = reasons(queries);
    assertThat(
            IntStream.range(0, queries.size())
                .filter(i -> said.contains("step q%02d: ".formatted(i)))
                .mapToObj(queries::get))
        .as("refused by " + said)
        .isEmpty();
  }

  @Test
  void aTextThatStandsForAnotherTypeIsNotTakenForAText() throws Exception {
    refused(
        List.of(
            "SELECT id, max(role) OVER () AS role FROM a",
            "SELECT min(id) AS id, max(role) AS role FROM a",
            "SELECT id, role FROM a WHERE role > 'admin'",
            "SELECT id, first_value(role) OVER (ORDER BY role) AS role FROM a",
            "SELECT min(id) AS id, max(took) AS took FROM a",
            "SELECT min(id) AS id, max(ip) AS ip FROM a",
            "SELECT id, ip FROM a WHERE ip = '10.0.0.1'",
            "SELECT a.id, b.email AS x FROM a JOIN b ON a.email = b.email",
            "SELECT a.id, b.email AS x FROM a JOIN b USING (email)",
            "SELECT id, email AS x FROM a WHERE email IN (SELECT email FROM b)",
            "SELECT min(id) AS id, email AS x FROM a GROUP BY email",
            "SELECT min(id) AS id, count(DISTINCT email) AS i FROM a",
            "SELECT id, email AS x FROM a WHERE email LIKE 'a%'",
            "SELECT id, code AS x FROM a WHERE code = 'ab'",
            "SELECT id, took FROM a WHERE took = '1 day'",
            "SELECT id, j FROM a WHERE j = '{}'",
            "SELECT id, email AS x FROM a EXCEPT SELECT id, email FROM b",
            "WITH e AS (SELECT id, email AS mail FROM a) SELECT e.id, e.mail AS x FROM e JOIN b ON e.mail = b.email",
            "SELECT id, name AS x FROM a WHERE u = 'C42FDF75-3097-471C-8C33-FB52454D81C0'",
            "SELECT id, upper(email) AS x FROM a"));
  }

  @Test
  void whatKeepsTheTypesMeaningIsTaken() throws Exception {
    taken(
        List.of(
            "SELECT id, role, took, ip, email AS x, n, at, plain, day, tags, f, d, ok, j FROM a",
            "SELECT id, CASE WHEN role = 'admin' THEN 1 ELSE 0 END AS i FROM a WHERE role IN ('admin', 'reader')",
            "SELECT a.id, b.role FROM a JOIN b ON a.role = b.role AND a.ip = b.ip",
            "SELECT a.id, lower(CAST(a.email AS STRING)) AS x FROM a JOIN b ON lower(CAST(a.email AS STRING)) = lower(CAST(b.email AS STRING))",
            "SELECT id, coalesce(email, NULL) AS x FROM a WHERE email IS NOT NULL",
            "SELECT max_by(id, l) AS id, max_by(email, l) AS x, count(took) AS i FROM a",
            "SELECT id, get_json_object(j, '$.a') AS x FROM a",
            "SELECT max(id) AS id, max(n) AS n, max(at) AS at, max(name) AS x FROM a",
            "SELECT id, n * 2 AS n FROM a WHERE n > 1",
            "SELECT id, tags FROM a WHERE array_contains(tags, 'x')",
            "SELECT id, x FROM (SELECT id, email AS x FROM a UNION ALL SELECT id, email FROM b)",
            "SELECT id, CAST(o AS INT) AS i FROM a WHERE o > 5",
            "SELECT id, name AS x FROM a WHERE u = 'c42fdf75-3097-471c-8c33-fb52454d81c0'",
            "SELECT id, NULL AS role, array() AS tags, 0.5 AS d, 1 AS n, '1 day' AS took FROM a"));
  }

  @Test
  void whatWouldBeConvertedOnItsWayIsRefused() throws Exception {
    refused(
        List.of(
            "SELECT id, plain AS at FROM a",
            "SELECT id, at AS plain FROM a",
            "SELECT id, at AS day FROM a",
            "SELECT id, day AS at FROM a",
            "SELECT id, at AS x FROM a",
            "SELECT id, d AS n FROM a",
            "SELECT id, d AS f FROM a",
            "SELECT id, f AS d FROM a",
            "SELECT id, l AS d FROM a",
            "SELECT id, n AS i FROM a",
            "SELECT id, ok AS i FROM a",
            "SELECT id, l AS ok FROM a",
            "SELECT id, name AS bytes FROM a",
            "SELECT id, named_struct('a', 1) AS j FROM a",
            "SELECT id, map('a', 1) AS x FROM a",
            "SELECT id, at - at AS took FROM a",
            "SELECT id, array(1.5D) AS tags FROM a",
            "SELECT id, tags AS x FROM a",
            "SELECT id, email AS role FROM a",
            "SELECT CAST(id AS DOUBLE) AS id, 'a' AS x FROM a"));
  }

  @Test
  void columnsThatDifferInCaseOnlyAreRefusedWhereAQueryNeedsThem() throws Exception {
    database.execute("ALTER TABLE a ADD \"Name\" text", "ALTER TABLE b ADD \"Email\" text");

    String said = reasons(List.of("SELECT id, name AS x FROM a", "SELECT id, role FROM b"));

    assertThat(said)
        .contains(
            "source a: a has the columns \"Name\" and \"name\", which differ in case only, and a query cannot tell")
        .doesNotContain("source b")
        .doesNotContain("step q01");
  }
}
