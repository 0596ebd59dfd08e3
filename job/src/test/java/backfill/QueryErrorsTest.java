package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.report.ExitCodeTest;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Queries that are wrong, or wrong for a row: each says where and why, and asks for no retry. */
class QueryErrorsTest {
  private static TestingDatabase database;
  @TempDir Path directory;

  @BeforeAll
  static void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE dd (a int PRIMARY KEY)",
        "INSERT INTO dd SELECT generate_series(1, 10)",
        "CREATE TABLE dt (a int PRIMARY KEY, b numeric)",
        "CREATE TABLE texts (a int, t text)",
        "INSERT INTO texts VALUES (1, '1'), (2, 'x2')",
        "CREATE TABLE seen (object int, person int, PRIMARY KEY (object, person))");
  }

  @AfterAll
  static void drop() throws Exception {
    database.close();
  }

  private TestingRun run(String command, String query) throws Exception {
    return runPlan(
        command,
        """
        steps = [{ name = s, kind = rows, mode = upsert, into = { table = dt, key = [a] }
          query = \"""%s\""" }]
        """
            .formatted(query));
  }

  private TestingRun runPlan(String command, String rest) throws Exception {
    Path plan = directory.resolve("errors.conf");
    Files.writeString(plan, "name = errors, sources { dd = dd, texts = texts }\n" + rest);
    return TestingRun.of(database.environment(), command, plan.toString());
  }

  private static void assertFailed(TestingRun run, String state, String message) {
    assertThat(run.code()).as(run.said()).isEqualTo(4);
    assertThat(run.report().path("error").path("message").asText()).isEqualTo(message);
    assertThat(run.report().path("error").path("sqlState").asText()).isEqualTo(state);
    assertThat(run.report().path("error").path("step").asText()).isEqualTo("s");
    assertLasts(run);
  }

  private static void assertLasts(TestingRun run) {
    assertThat(run.report().path("error").path("retryable").booleanValue())
        .as(run.said())
        .isFalse();
    assertThat(run.line().path("retryable").booleanValue()).isFalse();
    assertThat(run.said())
        .doesNotContain("spark.sql.", "run the same command again", "bug of the job");
    ExitCodeTest.assertClear(run);
  }

  @Test
  void aQueryThatFailsForARowNamesStepLineFragmentAndValue() throws Exception {
    assertFailed(
        run("plan", "SELECT a,\n  CAST(10 / (a - 5) AS DECIMAL(10,4)) AS b FROM dd"),
        "22012",
        "step s: query: line 2, 10 / (a - 5): Division by zero. Use `try_divide` to tolerate divisor being 0 and return"
            + " NULL instead (DIVIDE_BY_ZERO)");
    assertFailed(
        run("run", "SELECT a, CAST(t AS INT) AS b FROM texts"),
        "22018",
        "step s: query: line 1, CAST(t AS INT): The value 'x2' of the type \"STRING\" cannot be cast to \"INT\" because"
            + " it is malformed. Correct the value as per the syntax, or change its target type. Use `try_cast` to"
            + " tolerate malformed input and return NULL instead (CAST_INVALID_INPUT)");
    assertFailed(
        run("plan", "SELECT a, a * 1000000000 AS b FROM dd"),
        "22003",
        "step s: query: line 1, a * 1000000000: overflow. Use 'try_multiply' to tolerate overflow and return NULL"
            + " instead (ARITHMETIC_OVERFLOW)");
    assertFailed(
        run("plan", "SELECT a, array(1, 2)[a] AS b FROM dd"),
        "22003",
        "step s: query: line 1, array(1, 2)[a]: The index 2 is out of bounds. The array has 2 elements. Use the SQL"
            + " function `get()` to tolerate accessing element at invalid index and return NULL instead"
            + " (INVALID_ARRAY_INDEX)");
    assertFailed(
        run("plan", "SELECT a, (SELECT a FROM texts) AS b FROM dd"),
        "21000",
        "step s: query: line 1, (SELECT a FROM texts): More than one row returned by a subquery used as an expression"
            + " (SCALAR_SUBQUERY_TOO_MANY_ROWS)");
    assertThat(database.rows("SELECT * FROM dt")).isEmpty();
  }

  @Test
  void aQueryWithoutAnEndAndAPatternThatIsNoneLastToo() throws Exception {
    TestingRun endless =
        run(
            "plan",
            "WITH RECURSIVE r(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM r) SELECT a, 1 AS b FROM r");
    assertThat(endless.report().path("error").path("message").asText())
        .startsWith("Recursion level limit 100 reached");
    assertThat(endless.code()).isEqualTo(4);
    assertLasts(endless);

    TestingRun pattern = run("plan", "SELECT a, 1 AS b FROM texts WHERE t RLIKE concat('(', t)");
    assertThat(pattern.report().path("error").path("message").asText())
        .startsWith("The value of parameter(s) `regexp` in `rlike` is invalid: '(1'");
    assertThat(pattern.code()).isEqualTo(4);
    assertLasts(pattern);
  }

  @Test
  void aViewThatFailsIsNamed() throws Exception {
    TestingRun run =
        runPlan(
            "run",
            """
            views.g = "SELECT a, CAST(t AS INT) AS b FROM texts"
            steps = [{ name = s, kind = pairs, direct = [{ from = g, object = a, user = b }]
              into = { table = seen, object = object, user = person } }]
            """);

    assertThat(run.report().path("error").path("message").asText())
        .startsWith("view g: line 1, CAST(t AS INT): The value 'x2' of the type \"STRING\"");
    assertThat(run.code()).isEqualTo(4);
    assertLasts(run);
    assertThat(run.said())
        .contains("The step wrote nothing. Every attempt fails so, until the query");
  }

  @Test
  void aQueryThatSparkDoesNotUnderstandIsAReasonWithItsPlace() throws Exception {
    assertReason(
        run("check", "SELECT a,\n  1 AS b FORM dd"),
        "step s: query: line 2, 1 AS b FORM dd: Syntax error at or near 'FORM' (PARSE_SYNTAX_ERROR)");
    assertReason(
        run("check", "SELECT a, 1 AS b FROM dd WHERE (a = 1"),
        "step s: query: line 1, SELECT a, 1 AS b FROM dd WHERE (a = 1: Syntax error at or near end of input"
            + " (PARSE_SYNTAX_ERROR)");
    assertReason(
        run("check", "SELECT a,\n  bb AS b FROM dd"),
        "step s: query: line 2, bb: A column, variable, or function parameter with name `bb` cannot be resolved. Did"
            + " you mean one of the following? [`a`] (UNRESOLVED_COLUMN.WITH_SUGGESTION)");
    assertReason(
        run("check", "VALUES (1.5), (100000000000000000000000000000000000000)"),
        "step s: query: Decimal precision 39 exceeds max precision 38 (DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION)");
  }

  private static void assertReason(TestingRun run, String reason) {
    assertThat(run.code()).as(run.said()).isEqualTo(3);
    assertThat(run.report().path("error").path("message").asText())
        .isEqualTo("plan errors: " + reason);
    assertLasts(run);
  }

  @Test
  void twoRowsForOneKeyAskForNoRetry() throws Exception {
    TestingRun run = run("run", "SELECT 1 AS a, 2 AS b FROM dd");

    assertThat(run.code()).as(run.said()).isEqualTo(4);
    assertThat(run.report().path("error").path("message").asText())
        .contains("the query gives 10 rows for the key (1)");
    assertLasts(run);
  }

  @Test
  void aSourceThatTheServerCannotComputeAsksForNoRetry() throws Exception {
    Path plan = directory.resolve("where.conf");
    Files.writeString(
        plan,
        """
        name = where
        sources.dd = { table = dd, where = "10 / (a - 5) > 0" }
        steps = [{ name = s, kind = rows, mode = upsert, into = { table = dt, key = [a] }
          query = "SELECT a, 1 AS b FROM dd" }]
        """);

    TestingRun run = TestingRun.of(database.environment(), "run", plan.toString());

    assertThat(run.code()).as(run.said()).isEqualTo(4);
    assertThat(run.report().path("error").path("sqlState").asText()).isEqualTo("22012");
    assertLasts(run);
    assertThat(run.said())
        .contains(
            "division by zero (SQLSTATE 22012). The step wrote nothing. The same command fails again until");
  }

  @Test
  void syntaxErrorWithoutItsTextIsOneOfTheQuery() throws Exception {
    TestingRun run = run("check", "SELECT a, 1 AS b FROM (dd\nWHERE a IS NOT NULL");

    assertThat(run.code()).as(run.said()).isEqualTo(3);
    assertThat(run.message())
        .matches(
            "plan errors: step s: query: line 2.*: Syntax error at or near .*\\(PARSE_SYNTAX_ERROR\\)");
  }

  @Test
  void characterThatSteersATerminalIsShownEscaped() throws Exception {
    TestingRun run = run("check", "SELECT a, 1 AS b FROM dd WHERE \u0007 a > 0");

    assertThat(run.code()).as(run.said()).isEqualTo(3);
    assertThat(run.message()).contains("\\u0007");
    assertThat(run.said()).contains("\\u0007").doesNotContain("\u0007");
  }
}
