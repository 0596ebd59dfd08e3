package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import backfill.testing.TestingSteps;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a view gives as a user's key is granted to exactly that user or refused: never to the one
 * that it is cut, wrapped or printed to.
 */
class ViewKeysTest {
  /** Keys of the very type, or of a smaller one of the same kind, which none may refuse. */
  private static final Set<String> CARRIED =
      Set.of("same", "widened", "widest", "uuidtext", "uuid");

  private static final String UUID = "0f0e0d0c-0b0a-0908-0706-050403020100";

  private static TestingDatabase database;
  private static TestingSteps steps;
  private static TestingRun run;

  /**
   * @param given what the view gives
   * @param key the type of the target's users
   * @param right the users that may be granted to
   */
  private record Case(String name, String given, String key, String... right) {
    @Override
    public String toString() {
      return given + " as " + key;
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        new Case("fraction", "n", "integer"),
        new Case("whole", "n0", "integer"),
        new Case("computed", "n * 1", "integer"),
        new Case("truth", "b", "integer"),
        new Case("float", "f", "integer"),
        new Case("double", "d", "bigint"),
        new Case("time", "at", "integer"),
        new Case("day", "day", "integer"),
        new Case("clock", "plain", "bigint"),
        new Case("json", "get_json_object(j, '$.u')", "integer"),
        new Case("text", "t", "integer"),
        new Case("label", "e", "integer"),
        new Case("long", "l", "integer"),
        new Case("longshort", "l", "smallint"),
        new Case("intshort", "CAST(l - 4294967296 AS INT)", "smallint", "7"),
        new Case("widened", "s", "integer", "7"),
        new Case("widest", "s", "bigint", "7"),
        new Case("same", "i", "integer", "7"),
        new Case("number", "i", "text", "7"),
        new Case("truthtext", "b", "text"),
        new Case("floattext", "d", "text"),
        new Case("timetext", "at", "text"),
        new Case("uuidtext", "u", "text", UUID),
        new Case("bytes", "x", "text"),
        new Case("bytesuuid", "x", "uuid"),
        new Case("uuid", "upper(u)", "uuid", UUID),
        new Case("struct", "named_struct('u', i)", "integer"),
        new Case("array", "array(i)", "integer"),
        new Case("numberuuid", "i", "uuid"));
  }

  @BeforeAll
  static void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TYPE letter AS ENUM ('7')",
        """
        CREATE TABLE grants (p integer, s smallint, i integer, l bigint, n numeric, n0 numeric(10,0), b boolean, f real,
          d double precision, at timestamptz, plain timestamp, day date, t text, j json, u uuid, x bytea, e letter)
        """,
        """
        INSERT INTO grants VALUES (1, 7, 7, 4294967303, 7.9, 7, true, 7.5, 7.9, '1970-01-01 00:00:07+00',
          '1970-01-01 00:00:07', '1970-01-08', '7.9', '{"u": "7.9"}', '%s', '\\x37', '7')
        """
            .formatted(UUID));
    steps = new TestingSteps(database).with("sources.grants = grants\nlimits.rejected-rows = 100");
    for (Case one : cases().toList()) {
      database.execute(
          "CREATE TABLE d_%s (p integer, u %s, PRIMARY KEY (p, u))".formatted(one.name, one.key));
      steps
          .with("views.v_%s = \"SELECT p, %s AS u FROM grants\"".formatted(one.name, one.given))
          .with(
              one.name,
              "kind = pairs, direct = [{ from = v_%1$s, object = p, user = u }], into = { table = d_%1$s, object = p, user = u }"
                  .formatted(one.name));
    }
    run = steps.checked().run("run");
  }

  @AfterAll
  static void drop() throws Exception {
    database.close();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void isGrantedToThatUserAloneOrRefused(Case one) throws Exception {
    List<Object> users =
        database.rows("SELECT u::text FROM d_" + one.name).stream().map(row -> row.get(0)).toList();
    if (steps.isRefused(one.name)) {
      assertThat(steps.refusal(one.name)).contains("view v_" + one.name + " gives u as ");
      assertThat(users).isEmpty();
      assertThat(CARRIED).as(steps.refusal(one.name)).doesNotContain(one.name);
      return;
    }
    assertThat(run.code()).as(run.said()).isZero();
    assertThat(users).as(run.said()).isEqualTo(List.of((Object[]) one.right));
  }
}
