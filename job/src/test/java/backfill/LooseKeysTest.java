package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import backfill.testing.TestingSteps;
import backfill.testing.TestingTypes;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A key that the server takes for the same as another of other bytes: its row is set as ON CONFLICT
 * would set it, and never taken away as one that nothing justifies; or preflight refuses the key.
 */
class LooseKeysTest {
  private static final String NULL = "NULL";

  private static TestingDatabase database;
  private static TestingSteps steps;
  private static TestingRun first;
  private static TestingRun second;
  private static boolean nullsCanBeTheSame;

  /**
   * @param given the source's key, as SQL
   * @param key the target's
   * @param present the key that is there, which is the same to the target
   */
  private record Case(String name, String given, String key, String present) {
    @Override
    public String toString() {
      return "%s beside %s of %s".formatted(given, present, key);
    }
  }

  static Stream<Case> cases() {
    Stream<Case> loose =
        Stream.of(
            new Case("citext", "'Ada'::text", "ext.citext", "'ada'"),
            new Case("citextof", "'Ada'::ext.citext", "ext.citext", "'ada'"),
            new Case("mail", "'Ada'::text", "mail", "'ada'"),
            new Case("caseless", "'Ada'::text", "text COLLATE caseless", "'ada'"),
            new Case("accents", "'a' || U&'\\0308'", "text COLLATE caseless", "U&'\\00e4'"),
            new Case("cut", "'DE    '::text", "varchar(3)", "'DE '"),
            new Case("filled", "'DE'::text", "char(5)", "'DE'"),
            new Case("blanks", "'DE  '::char(6)", "char(5)", "'DE'"),
            new Case("scale", "1.50::numeric(10,2)", "numeric", "1.5"),
            new Case("integer", "1::integer", "numeric", "1.000"),
            new Case("rounded", "1.504::numeric(10,3)", "numeric(10,2)", "1.5"),
            new Case("minus", "'-0'::float8", "float8", "0"),
            new Case("nan", "'NaN'::float8", "float8", "'NaN'"),
            new Case("month", "'30 days'::interval", "interval", "'1 mon'"),
            new Case("json", "'{\"a\":1.0,\"b\":2}'::jsonb", "jsonb", "'{\"b\":2,\"a\":1}'"),
            new Case("numbers", "'{1.0}'::numeric[]", "numeric[]", "'{1}'"),
            new Case("range", "'[1.0,2)'::numrange", "numrange", "'[1,2.00)'"),
            new Case(
                "moment",
                "'2026-03-01 10:00:00.4+00'::timestamptz",
                "moment",
                "'2026-03-01 10:00+00'"),
            new Case(
                "uuid",
                "'C42FDF75-3097-471C-8C33-FB52454D81C0'::text",
                "uuid",
                "'c42fdf75-3097-471c-8c33-fb52454d81c0'"));
    return nullsCanBeTheSame
        ? Stream.concat(
            loose,
            Stream.of(
                new Case("nulls", "NULL::integer", "integer", NULL),
                new Case("nulltexts", "NULL::text", "ext.citext", NULL)))
        : loose;
  }

  @BeforeAll
  static void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    TestingTypes.create(database);
    nullsCanBeTheSame =
        database.count("SELECT current_setting('server_version_num')::int / 10000") >= 15;
    steps = new TestingSteps(database).with("sources.grants = grants");
    for (Case one : cases().toList()) {
      make(one);
      steps
          .with("sources.s_%1$s = s_%1$s".formatted(one.name))
          .with(
              one.name,
              "kind = rows, mode = upsert, surplus = delete, query = \"SELECT org, k, level FROM s_%1$s\", into = { table = d_%1$s, key = [org, k] }"
                  .formatted(one.name));
    }
    database.execute(
        "CREATE TABLE grants (code text, user_id integer)",
        "INSERT INTO grants VALUES ('DE   ', 1), ('FR', 2)",
        "CREATE TABLE d_pairs (code varchar(3), user_id integer, since date DEFAULT '2026-01-01', PRIMARY KEY (code, user_id))",
        "INSERT INTO d_pairs VALUES ('DE ', 1, '2001-01-01')");
    steps.with(
        "pairs",
        "kind = pairs, surplus = delete, direct = [{ from = grants, object = code, user = user_id }], into = { table = d_pairs, object = code, user = user_id }");
    steps.checked();
    first = steps.run("run");
    second = steps.run("run");
  }

  /** The target's row has a date of its own, and another table's row hangs on it. */
  private static void make(Case one) throws SQLException {
    String key = one.present.equals(NULL) ? "UNIQUE NULLS NOT DISTINCT" : "PRIMARY KEY";
    database.execute(
        "CREATE TABLE s_%s AS SELECT 1 AS org, %s AS k, 5 AS level".formatted(one.name, one.given),
        "CREATE TABLE d_%s (org integer NOT NULL, k %s, level integer, since date DEFAULT '2026-01-01', %s (org, k))"
            .formatted(one.name, one.key, key),
        "INSERT INTO d_%s VALUES (1, %s, 1, '2001-01-01')".formatted(one.name, one.present),
        "CREATE TABLE n_%1$s (org integer, k %2$s, FOREIGN KEY (org, k) REFERENCES d_%1$s (org, k) ON DELETE CASCADE)"
            .formatted(one.name, one.key),
        "INSERT INTO n_%s VALUES (1, %s)".formatted(one.name, one.present));
  }

  @AfterAll
  static void drop() throws Exception {
    database.close();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void isSetAsOnConflictWouldOrRefused(Case one) throws Exception {
    assertThat(database.count("SELECT count(*) FROM n_" + one.name)).isOne();
    List<List<Object>> rows = database.rows("SELECT level, since::text FROM d_" + one.name);
    if (steps.isRefused(one.name)) {
      assertThat(steps.refusal(one.name)).contains("d_" + one.name + ".k");
      assertThat(rows).containsExactly(List.of(1, "2001-01-01"));
      return;
    }
    assertThat(rows).as(first.said()).containsExactly(List.of(5, "2001-01-01"));
    assertThat(first.code()).as(first.said()).isZero();
    assertThat(
            first.counts(one.name, "planned", "updated", "inserted", "deleted", "changedMeanwhile"))
        .isEqualTo(RunTest.numbers(1, 1, 0, 0, 0));
    assertThat(second.code()).as(second.said()).isZero();
    assertThat(second.counts(one.name, "unchanged", "updated")).isEqualTo(RunTest.numbers(1, 0));
  }

  @Test
  void ofPairsItIsNeitherTakenAwayNorMissing() throws Exception {
    List<List<Object>> rows =
        database.rows("SELECT code, user_id, since::text FROM d_pairs ORDER BY code");
    if (steps.isRefused("pairs")) {
      assertThat(steps.refusal("pairs")).contains("d_pairs.code");
      assertThat(rows).hasSize(1);
      return;
    }
    assertThat(rows)
        .as(first.said())
        .containsExactly(List.of("DE ", 1, "2001-01-01"), List.of("FR", 2, "2026-01-01"));
    assertThat(second.code()).as(second.said()).isZero();
  }
}
