package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import backfill.testing.TestingSteps;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a query gives goes into its column exactly, or preflight refuses the column by name with
 * what to write instead: no value is first refused, and none changed, in the middle of a run.
 */
class GivenTypesTest {
  private static TestingDatabase database;
  private static TestingSteps steps;
  private static TestingRun run;

  /**
   * @param given Spark SQL over the source
   * @param type the target column's
   * @param right the column's text after the run; null: it must be refused
   */
  private record Case(String name, String given, String type, String right) {
    @Override
    public String toString() {
      return given + " into " + type;
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        new Case("struct", "named_struct('plan', plan, 'seats', seats)", "jsonb", null),
        new Case("structtext", "named_struct('plan', plan)", "text", null),
        new Case("map", "map('a', plan)", "jsonb", null),
        new Case("structs", "array(named_struct('a', 1))", "jsonb", null),
        new Case("structsarray", "array(named_struct('a', 1))", "text[]", null),
        new Case("asjson", "to_json(named_struct('plan', plan))", "jsonb", "{\"plan\": \"pro\"}"),
        new Case("took", "finished - started", "interval", null),
        new Case("months", "INTERVAL '1' MONTH", "interval", null),
        new Case("daytime", "INTERVAL '1 02:03:04' DAY TO SECOND", "text", null),
        new Case("ntz", "TIMESTAMP_NTZ '2026-03-01 10:00:00'", "timestamp", "2026-03-01 10:00:00"),
        new Case(
            "zoned", "TIMESTAMP '2026-03-01 10:00:00Z'", "timestamptz", "2026-03-01 10:00:00+00"),
        new Case("intozone", "started", "timestamptz", null),
        new Case("outofzone", "zoned", "timestamp", null),
        new Case("today", "zoned", "date", null),
        new Case("todayplain", "started", "date", null),
        new Case("daytotime", "day", "timestamptz", null),
        new Case("castzone", "CAST(started AS TIMESTAMP)", "timestamptz", "2026-03-01 10:00:00+00"),
        new Case("castday", "CAST(zoned AS DATE)", "date", "2026-03-01"),
        new Case("timetext", "zoned", "text", null),
        new Case("infinity", "plain", "timestamp", "infinity"),
        new Case("half", "0.5", "integer", null),
        new Case("double", "CAST(7 AS DOUBLE)", "integer", null),
        new Case("doublenumeric", "CAST(0.1 AS DOUBLE)", "numeric", null),
        new Case("doublereal", "CAST(0.1 AS DOUBLE)", "real", null),
        new Case("floatdouble", "CAST(0.1 AS FLOAT)", "double precision", null),
        new Case("longdouble", "9007199254740993L", "double precision", null),
        new Case("decimal", "CAST(1.10 AS DECIMAL(10,2))", "numeric(10,2)", "1.10"),
        new Case("truth", "1", "boolean", null),
        new Case("truthint", "true", "integer", null),
        new Case("truthtext", "true", "text", "true"),
        new Case("number", "seats", "text", "5"),
        new Case("doubletext", "CAST(1e10 AS DOUBLE)", "text", null),
        new Case("bytes", "X'00ff'", "bytea", "\\x00ff"),
        new Case("bytestext", "X'00ff'", "text", null),
        new Case("textbytes", "plan", "bytea", null),
        new Case("arrays", "array(array(1, 2), array(3, 4))", "integer[]", null),
        new Case("array", "array(1, NULL)", "integer[]", "{1,NULL}"),
        new Case("longs", "array(1L, 2L)", "integer[]", "{1,2}"),
        new Case("fractions", "array(1.5)", "integer[]", null),
        new Case("times", "array(started)", "timestamp[]", "{\"2026-03-01 10:00:00\"}"),
        new Case("days", "array(day)", "date[]", "{2026-03-01}"),
        new Case("nothing", "NULL", "jsonb", ""),
        new Case("ip", "'10.0.0.1'", "inet", "10.0.0.1/32"),
        new Case("variant", "parse_json('{}')", "jsonb", null));
  }

  @BeforeAll
  static void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE src (id integer PRIMARY KEY, plan text, seats integer, started timestamp, finished timestamp,"
            + " zoned timestamptz, plain timestamp, day date)",
        "INSERT INTO src VALUES (1, 'pro', 5, '2026-03-01 10:00', '2026-03-01 11:30', '2026-03-01 10:00+00',"
            + " 'infinity', '2026-03-01')");
    steps = new TestingSteps(database).with("sources.src = src");
    for (Case one : cases().toList()) {
      database.execute(
          "CREATE TABLE d_%s (id integer PRIMARY KEY, v %s)".formatted(one.name, one.type));
      steps.with(
          one.name,
          "kind = rows, mode = insert-missing, query = \"\"\"SELECT id, %s AS v FROM src\"\"\", into = { table = d_%s, key = [id] }"
              .formatted(one.given, one.name));
    }
    run = steps.checked().run("run");
  }

  @AfterAll
  static void drop() throws Exception {
    database.close();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void isWrittenAsItIsOrRefusedWithAdvice(Case one) throws Exception {
    if (one.right == null) {
      assertThat(steps.refusal(one.name))
          .contains("d_" + one.name + ".v, which is ")
          .containsAnyOf("CAST", "give ", "compare it", "leave it out");
      return;
    }
    assertThat(steps.refusal(one.name)).isEmpty();
    assertThat(run.code()).as(run.said()).isZero();
    assertThat(database.rows("SELECT coalesce(v::text, '') FROM d_" + one.name).toString())
        .isEqualTo("[[" + one.right + "]]");
  }
}
