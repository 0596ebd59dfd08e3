package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import backfill.testing.TestingSteps;
import backfill.testing.TestingTypes;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A row that the database refuses is rejected, whatever the type of its key: it is named as the
 * server writes its key, it is not missing, and the other rows stay in.
 */
class RejectedKeysTest {
  private static final int TOO_MUCH = 999;

  private static TestingDatabase database;
  private static TestingSteps steps;
  private static TestingRun run;

  /**
   * @param refused the key of the row that a CHECK refuses, as SQL
   * @param taken the key of the other row
   */
  private record Case(String name, String type, String refused, String taken) {
    @Override
    public String toString() {
      return type + " " + refused;
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        new Case("timestamptz", "timestamptz", "'2026-03-01 10:05+00'", "'2026-03-01 10:00+00'"),
        new Case("late", "timestamptz", "'infinity'", "'294246-12-31 23:59:59.999999+00'"),
        new Case("early", "timestamp", "'0044-03-15 12:00 BC'", "'2026-03-01 10:00'"),
        new Case("numeric", "numeric(10,2)", "2.50", "1.50"),
        new Case("free", "numeric", "2.50", "1e30"),
        new Case("notanumber", "numeric", "'NaN'", "1"),
        new Case("bytea", "bytea", "'\\x00ff'", "'\\x61'"),
        new Case("float", "float8", "1e10", "2"),
        new Case("real", "real", "1e-7", "'NaN'"),
        new Case("date", "date", "'2026-03-01'", "'2026-03-02'"),
        new Case("text", "text", "'a\"b, c'", "''"),
        new Case("uuid", "uuid", "'C42FDF75-3097-471C-8C33-FB52454D81C0'", "gen_random_uuid()"),
        new Case("inet", "inet", "'10.0.0.1/8'", "'::1'"),
        new Case("boolean", "boolean", "true", "false"),
        new Case("time", "time", "'24:00'", "'10:00'"),
        new Case("timetz", "timetz", "'10:00+02:30'", "'10:00+02'"),
        new Case("mood", "mood", "''", "'sad'"),
        new Case("bits", "varbit", "B'00'", "B'0'"),
        new Case("char", "char(4)", "'a'", "'b'"),
        new Case("citext", "ext.citext", "'Ada'", "'Bob'"),
        new Case("interval", "interval", "'1 mon -1 day'", "'1 day'"),
        new Case("jsonb", "jsonb", "'{\"a\": 1.0}'", "'1'"),
        new Case("array", "text[]", "'{a,NULL,\"b c\"}'", "'{}'"),
        new Case("range", "int4range", "'[1,3)'", "'empty'"),
        new Case("oid", "oid", "'4294967295'", "0"));
  }

  @BeforeAll
  static void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    TestingTypes.create(database);
    database.execute(
        "CREATE TABLE events (id integer PRIMARY KEY, payload json NOT NULL)",
        """
        INSERT INTO events VALUES (1, '{"email":"ada"}'), (3, '{"email":"eve\\u0000"}')
        """);
    steps =
        new TestingSteps(database)
            .with("limits.rejected-rows = 1000")
            .with("sources.events = events");
    for (Case one : cases().toList()) {
      database.execute(
          "CREATE TABLE s_%s (p integer, k %s, v integer, PRIMARY KEY (p, k))"
              .formatted(one.name, one.type),
          "INSERT INTO s_%s VALUES (1, %s, %d), (1, %s, 1)"
              .formatted(one.name, one.refused, TOO_MUCH, one.taken),
          "CREATE TABLE d_%s (p integer, k %s, v integer CHECK (v < %d), PRIMARY KEY (p, k))"
              .formatted(one.name, one.type, TOO_MUCH));
      steps
          .with("sources.s_%1$s = s_%1$s".formatted(one.name))
          .with(
              one.name,
              "kind = rows, mode = insert-missing, query = \"SELECT p, k, v FROM s_%1$s\", into = { table = d_%1$s, key = [p, k] }"
                  .formatted(one.name));
    }
    unwritable();
    run = steps.checked().run("run");
  }

  /** A text that JSON can hold, and no text of PostgreSQL. */
  private static void unwritable() throws Exception {
    String email = "get_json_object(payload, '$.email')";
    database.execute(
        "CREATE TABLE d_nulkey (email text PRIMARY KEY)",
        "CREATE TABLE d_nulvalue (id integer PRIMARY KEY, email text)",
        "CREATE TABLE d_nulpair (p integer, login text, PRIMARY KEY (p, login))");
    steps
        .with("views.logins = \"SELECT 1 AS p, %s AS u FROM events\"".formatted(email))
        .with(
            "nulkey",
            "kind = rows, mode = insert-missing, query = \"SELECT %s AS email FROM events\", into = { table = d_nulkey, key = [email] }"
                .formatted(email))
        .with(
            "nulvalue",
            "kind = rows, mode = insert-missing, query = \"SELECT id, %s AS email FROM events\", into = { table = d_nulvalue, key = [id] }"
                .formatted(email))
        .with(
            "nulpair",
            "kind = pairs, direct = [{ from = logins, object = p, user = u }], into = { table = d_nulpair, object = p, user = login }");
  }

  @AfterAll
  static void drop() throws Exception {
    database.close();
  }

  private static void assertOneIsRejected(String step) {
    assertThat(run.code()).as(run.said()).isEqualTo(8);
    assertThat(run.counts(step, "planned", "inserted", "rejected", "missing", "addedMeanwhile"))
        .as(run.said())
        .isEqualTo(RunTest.numbers(2, 1, 1, 0, 0));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void isRejectedByTheServersOwnText(Case one) throws Exception {
    if (steps.isRefused(one.name)) {
      assertThat(steps.refusal(one.name)).contains("d_" + one.name + ".k is ");
      return;
    }
    assertOneIsRejected(one.name);
    JsonNode rejection = run.step(one.name).path("rejections").path(0);
    assertThat(
            StreamSupport.stream(rejection.path("key").spliterator(), false).map(JsonNode::asText))
        .containsExactly("1", text(one.refused, one.type));
    assertThat(rejection.path("sqlState").asText()).isEqualTo("23514");
    assertThat(database.rows("SELECT k::text FROM d_" + one.name))
        .isEqualTo(database.rows("SELECT k::text FROM s_%s WHERE v = 1".formatted(one.name)));
  }

  private static String text(String value, String type) throws Exception {
    return (String) database.rows("SELECT ((%s)::%s)::text".formatted(value, type)).get(0).get(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"nulkey", "nulvalue", "nulpair"})
  void aTextThatPostgresqlCannotHoldRejectsItsRowAlone(String step) throws Exception {
    assertOneIsRejected(step);
    assertThat(run.step(step).path("rejections")).hasSize(1);
    assertThat(database.rows("SELECT * FROM d_" + step).toString())
        .contains("ada")
        .doesNotContain("eve");
  }

  @Test
  void theLedgerKnowsHowItEnded() throws Exception {
    assertThat(database.rows("SELECT status, report IS NOT NULL FROM backfill.run").toString())
        .as(run.said())
        .isEqualTo("[[succeeded, true]]");
  }
}
