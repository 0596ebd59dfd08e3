package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import backfill.testing.TestingSteps;
import backfill.testing.TestingTypes;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a column makes of a value (it rounds, it cuts blanks, it knows no fraction) is what the row
 * is compared with: an upsert sets each difference once, and after that changes nothing.
 */
class ConvergingValuesTest {
  private static TestingDatabase database;
  private static TestingSteps steps;
  private static TestingRun first;
  private static TestingRun second;
  private static List<List<Object>> between;

  /**
   * @param given the source column's type
   * @param value its value, as SQL
   * @param kept the target column's type
   * @param before the target's value before, as SQL; null where the row is absent
   */
  private record Case(String name, String given, String value, String kept, String before) {
    @Override
    public String toString() {
      return "%s %s into %s, which has %s".formatted(given, value, kept, before);
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        // rounded by the column
        new Case("cents", "numeric(12,4)", "10.1250", "numeric(12,2)", null),
        new Case("domain", "numeric(12,4)", "10.1250", "eur", null),
        new Case("nested", "numeric(12,4)", "10.1250", "cents", null),
        new Case("wide", "numeric(12,4)", "0.1234", "numeric(40,2)", null),
        new Case("free", "numeric", "1.0049999999999999999999", "numeric(12,2)", "7"),
        new Case("moment", "timestamptz", "'2026-03-01 10:00:00.4+00'", "moment", null),
        new Case("seconds", "timestamptz", "'2026-03-01 10:00:00.5+00'", "timestamptz(0)", null),
        new Case("millis", "timestamp", "'2026-03-01 10:00:00.0005'", "timestamp(3)", null),
        new Case("pause", "interval", "'1.6 s'", "pause", null),
        new Case("span", "interval", "'1.25 s'", "interval(1)", null),
        new Case("clock", "time", "'10:00:00.4'", "time(0)", null),
        new Case("zoned", "timetz", "'10:00:00.4+02'", "timetz(0)", null),
        new Case("fields", "interval", "'1 year 2 mons 3 days'", "interval year to month", null),
        // cut, or filled, by the column
        new Case("blanks", "text", "'Germany   '", "varchar(7)", null),
        new Case("manyblanks", "text", "'       '", "varchar(3)", "'x'"),
        new Case("code", "text", "'DE     '", "code", null),
        new Case("filled", "text", "'DE'", "char(5)", "'FR'"),
        new Case("letters", "text", "'a'", "letters", null),
        new Case("bpchar", "text", "'a  '", "bpchar", null),
        // told apart by what is behind the point, or by the exponent
        new Case("fraction", "numeric(38,0)", "100", "numeric", "100.4"),
        new Case("fee", "numeric(38,2)", "19.99", "numeric", "19.990000001"),
        new Case("tiny", "numeric", "1e-30", "numeric", "0"),
        new Case("huge", "numeric", "1e40", "numeric", "10000000000000000000000000000000000000001"),
        new Case("integer", "integer", "100", "numeric", "100.4"),
        new Case("scale", "numeric", "1.10", "numeric", "1.1"),
        new Case("nan", "numeric", "'NaN'", "numeric", "0"),
        new Case("infinite", "numeric", "'Infinity'", "numeric", null),
        new Case("nanofscale", "numeric(10,2)", "'NaN'", "numeric(10,2)", null),
        new Case("long", "numeric", "1e25", "numeric", null),
        new Case("float", "float8", "0.1", "float8", "0.10000000000000002"),
        new Case("minus", "float8", "'-0'", "float8", "1"),
        new Case("denormal", "float8", "'5e-324'", "float8", "0"),
        new Case("real", "real", "16777217", "real", "16777215"),
        new Case("json", "jsonb", "'{\"a\": 1}'", "jsonb", "'{\"a\": 1.5}'"),
        new Case("array", "int[]", "'{{1,2}}'", "int[]", "'{1,2}'"),
        new Case("bounds", "int[]", "'[0:1]={1,2}'", "int[]", "'{1,2}'"),
        new Case("numbers", "numeric[]", "'{1.5}'", "numeric[]", "'{1}'"),
        new Case("days", "interval", "'30 days'", "interval", "'1 mon 1 day'"));
  }

  @BeforeAll
  static void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    TestingTypes.create(database);
    List<Case> cases = new ArrayList<>(cases().toList());
    if (database.count("SELECT current_setting('server_version_num')::int / 10000") >= 15) {
      cases.add(new Case("hundreds", "integer", "1234", "numeric(6,-2)", null));
    }
    steps = new TestingSteps(database);
    for (Case one : cases) {
      database.execute(
          "CREATE TABLE s_%1$s (id integer PRIMARY KEY, v %2$s); INSERT INTO s_%1$s VALUES (1, %3$s), (2, NULL);"
                  .formatted(one.name, one.given, one.value)
              + "CREATE TABLE d_%1$s (id integer PRIMARY KEY, v %2$s);"
                  .formatted(one.name, one.kept)
              + (one.before == null
                  ? ""
                  : "INSERT INTO d_%1$s VALUES (1, %2$s), (2, %2$s)"
                      .formatted(one.name, one.before)));
      steps
          .with("sources.s_%1$s = s_%1$s".formatted(one.name))
          .with(
              one.name,
              "kind = rows, mode = upsert, query = \"SELECT id, v FROM s_%1$s\", into = { table = d_%1$s, key = [id] }"
                  .formatted(one.name));
    }
    steps.checked();
    first = steps.run("run");
    between = trace(cases);
    second = steps.run("run");
    assertThat(trace(cases)).as(second.said()).isEqualTo(between);
  }

  private static List<List<Object>> trace(List<Case> cases) throws SQLException {
    List<List<Object>> trace = new ArrayList<>();
    for (Case one : cases) {
      trace.addAll(
          database.rows(
              "SELECT '%1$s', id, xmin::text, v::text FROM d_%1$s ORDER BY id"
                  .formatted(one.name)));
    }
    return trace;
  }

  @AfterAll
  static void drop() throws Exception {
    database.close();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void convergesOrIsRefused(Case one) throws Exception {
    if (steps.isRefused(one.name)) {
      assertThat(steps.refusal(one.name)).contains("d_" + one.name + ".v");
      assertThat(one.given).as(steps.refusal(one.name)).isNotEqualTo(one.kept);
      return;
    }
    assertThat(first.code()).as(first.said()).isZero();
    assertThat(second.code()).as(second.said()).isZero();
    // The value as an INSERT of it would leave it, or the one that the server calls equal.
    assertThat(
            database.rows(
                "SELECT d.id, d.v::text FROM d_%1$s d JOIN s_%1$s s USING (id) WHERE d.v IS DISTINCT FROM s.v::%2$s"
                    .formatted(one.name, one.kept)))
        .isEmpty();
    assertThat(database.count("SELECT count(*) FROM d_" + one.name)).isEqualTo(2);
  }
}
