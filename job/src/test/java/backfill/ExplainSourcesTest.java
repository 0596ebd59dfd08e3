package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code explain} sees of each source, and of the target, what a run sees of it; no run is made.
 */
class ExplainSourcesTest {
  /** Pairs given directly and through groups. */
  private static final String BOTH_WAYS =
      """
      sources { direct = direct, grants = grants, members = members }
      steps = [{ name = s, kind = pairs
        direct = [{ from = direct, object = o, user = u }]
        through = [{ from = grants, object = o, group = g }]
        members = [{ from = members, group = g, user = u }]
        into = { table = d, object = o, user = u } }]
      """;

  @TempDir Path directory;
  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private TestingRun explain(String plan, String... options) throws Exception {
    return explain(database.environment(), plan, options);
  }

  private TestingRun explain(Map<String, String> environment, String plan, String... options)
      throws Exception {
    Path file = Files.writeString(directory.resolve("asked.conf"), "name = asked\n" + plan);
    return TestingRun.of(environment, "explain", file, options);
  }

  private static JsonNode explained(TestingRun run) {
    assertThat(run.code()).as(run.said()).isZero();
    return run.report().path("explained").path(0);
  }

  private static List<String> groups(TestingRun run) {
    return explained(run).path("given").path("ways").findValuesAsText("group");
  }

  /** A file's code and a person's login: texts that differ by case and by blanks are others. */
  @Test
  void textsAndUuidsAreComparedAsTheServerComparesThem() throws Exception {
    database.execute(
        "CREATE TABLE grants (o uuid, g varchar(9))",
        "CREATE TABLE members (g text, u text)",
        "CREATE TABLE direct (o uuid, u text)",
        "CREATE TABLE d (o uuid, u varchar(5), PRIMARY KEY (o, u))",
        "INSERT INTO grants VALUES ('c42fdf75-3097-471c-8c33-fb52454d81c0', 'Team'), ('c42fdf75-3097-471c-8c33-fb52454d81c0', NULL)",
        "INSERT INTO members VALUES ('Team', 'Bob'), ('team', 'bob'), (NULL, 'bob'), ('Team ', 'bob '), ('Team', 'o''x')",
        // A varchar(5) takes the first without its blanks, and refuses the second.
        "INSERT INTO direct VALUES ('c42fdf75-3097-471c-8c33-fb52454d81c0', 'abcde   '), ('c42fdf75-3097-471c-8c33-fb52454d81c0', 'abcde  f')");
    String object = "--object=C42FDF75-3097-471C-8C33-FB52454D81C0";

    assertThat(groups(explain(BOTH_WAYS, object, "--user", "Bob"))).containsExactly("Team");
    assertThat(groups(explain(BOTH_WAYS, object, "--user", "o'x"))).containsExactly("Team");
    assertThat(explained(explain(BOTH_WAYS, object, "--user", "bob")).path("gives").asBoolean())
        .isFalse();
    assertThat(explained(explain(BOTH_WAYS, object, "--user", "bob ")).path("gives").asBoolean())
        .isFalse();
    assertThat(explained(explain(BOTH_WAYS, object, "--user", "abcde")).path("gives").asBoolean())
        .isTrue();
    TestingRun users = explain(BOTH_WAYS, object);
    assertThat(explained(users).path("given").path("pairs").asLong()).isEqualTo(4);
    assertThat(users.out().get(0))
        .isEqualTo(
            "step s: o c42fdf75-3097-471c-8c33-fb52454d81c0 is given to 4 users (u), in 2 ways; d has 0 rows of it.");
    TestingRun longer = explain(BOTH_WAYS, object, "--user", "abcde ");
    assertThat(longer.code()).isEqualTo(2);
    assertThat(longer.err())
        .containsExactly(
            "explain: --user abcde  is no value of d.u, which is character varying(5) and holds 5 characters at most");
  }

  @Test
  void conditionsOwnsAndParametersCountAndEachLookIsReadOnlyInOneSnapshot() throws Exception {
    database.execute(
        "CREATE TABLE direct (id int PRIMARY KEY, o int, u int, kind text)",
        "CREATE TABLE d (id int PRIMARY KEY, o int, u int, source text)",
        "CREATE UNIQUE INDEX ON d (o, u) WHERE source = 'job'",
        "CREATE FUNCTION looks_only() RETURNS boolean LANGUAGE sql STABLE RETURN"
            + " current_setting('transaction_read_only') = 'on' AND current_setting('transaction_isolation') = 'repeatable read'",
        "INSERT INTO direct VALUES (1, 7, 1, 'a?b'), (2, 7, 1, 'b'), (3, 7, 2, 'b')",
        "INSERT INTO d VALUES (10, 7, 1, 'job'), (11, 7, 1, 'hand'), (12, 7, 2, NULL)");
    String plan =
        """
        params.kind = "a?b"
        ledger = off
        sources.direct { table = direct, where = "kind = :kind -- '?' is a text here" }
        steps = [{ name = s, kind = pairs, owns = "source = 'job'"
          direct = [{ from = direct, object = o, user = u }]
          into = { table = d, object = o, user = u } }]
        """;

    TestingRun run = explain(plan, "--object", "7", "--user", "1");

    JsonNode way = explained(run).path("given").path("ways").path(0);
    assertThat(way.path("grants").path("keys").findValuesAsText("id")).containsExactly("1");
    assertThat(explained(run).path("held").path("rows").path("keys").findValuesAsText("id"))
        .containsExactly("10");
    assertThat(explained(run).path("held").path("foreign").path("keys").findValuesAsText("id"))
        .containsExactly("11");
    assertThat(run.out())
        .contains(
            "step s: 1 way to give o 7 to u 1; d has the pair, and 1 row of it not the step's, by owns.",
            "  direct  direct id=1",
            "  target: d id=10",
            "  not its own: d id=11",
            "  history: ledger = off, so no run is known that wrote it");
    assertThat(explain(plan, "--object", "7", "--user", "2").out().get(0))
        .isEqualTo(
            "step s: nothing gives o 7 to u 2; d does not have the pair, and 1 row of it not the step's, by owns.");
    assertThat(groups(explain(plan, "--set", "params.kind=b", "--object", "7", "--user", "2")))
        .hasSize(1);
    assertThat(
            groups(
                explain(
                    plan.replace("kind = :kind", "looks_only()"), "--object", "7", "--user", "2")))
        .hasSize(1);
  }

  @Test
  void sourceWithoutAPrimaryKeyNamesItsRowsByWhatTheyGrantAndCountsThem() throws Exception {
    database.execute(
        "CREATE TABLE direct (o int, u int)",
        "CREATE TABLE d (o int, u int, PRIMARY KEY (o, u))",
        "INSERT INTO direct SELECT 7, 1 FROM generate_series(1, 5)");
    TestingRun run =
        explain(
            """
            sources.direct = direct
            steps = [{ name = s, kind = pairs, direct = [{ from = direct, object = o, user = u }]
              into = { table = d, object = o, user = u } }]
            """,
            "--object",
            "7",
            "--user",
            "1",
            "--limit",
            "2");

    assertThat(run.out()).contains("  direct  direct o=7 u=1, o=7 u=1 and 3 more");
    assertThat(run.out())
        .contains(
            "  history: there is no ledger in schema backfill, so no run is known that wrote it");
  }

  /** What only a run computes may give a pair: of that nothing must be said to give it. */
  @Test
  void viewIsSaidNotToBeLookedAt() throws Exception {
    database.execute(
        "CREATE TABLE direct (o int, u int)", "CREATE TABLE d (o int, u int, PRIMARY KEY (o, u))");
    String plan =
        """
        sources.direct = direct
        views.active = "SELECT o, u FROM direct WHERE u > 0"
        steps = [{ name = s, kind = pairs
          direct = [{ from = active, object = o, user = u }]
          into = { table = d, object = o, user = u } }]
        """;

    TestingRun run = explain(plan, "--object", "7", "--user", "1");

    assertThat(explained(run).path("gives").isNull()).isTrue();
    assertThat(run.line().path("explained").path(0).path("gives").isNull()).isTrue();
    assertThat(run.out())
        .contains(
            "step s: nothing that was looked at gives o 7 to u 1; d does not have the pair.",
            "  not looked at: view active is Spark SQL, and only a run computes it; plan with --only s counts what it gives");
    assertThat(explain(plan, "--user", "1").out().get(0))
        .isEqualTo("step s: u 1 is given an unknown number of objects (o); d has 0 rows of it.");
  }

  @Test
  void planThatDoesNotApplyGivesNothingAndItsSourcesMayBeGone() throws Exception {
    database.execute(
        "CREATE TABLE d (o int, u int, PRIMARY KEY (o, u))", "INSERT INTO d VALUES (7, 1)");
    String plan =
        """
        only-if = "to_regclass('direct') IS NOT NULL"
        sources.direct = direct
        steps = [{ name = s, kind = pairs, direct = [{ from = direct, object = o, user = u }]
          into = { table = d, object = o, user = u } }]
        """;

    TestingRun run = explain(plan, "--object", "7", "--user", "1");

    assertThat(run.out().get(0))
        .isEqualTo(
            "step s: nothing gives it, because the plan does not apply here, its only-if is false;"
                + " d has the pair.");
    TestingRun gone = explain(plan.replaceFirst("only-if.*", ""), "--object", "7", "--user", "1");
    assertThat(gone.code()).isEqualTo(3);
    assertThat(gone.err().get(0)).startsWith("source direct: table direct does not exist");
  }

  /** Members are in another database, and are fetched by the groups that have grants. */
  @Test
  void sourcesOfTwoDatabasesAreJoinedAndKeyedByIsHeld() throws Exception {
    try (TestingDatabase other = TestingPostgres.shared().createDatabase()) {
      database.execute(
          "CREATE TABLE grants (id int PRIMARY KEY, o int, g bigint)",
          "CREATE TABLE more (id int PRIMARY KEY, o int, g bigint)",
          "CREATE TABLE d (o int, u int, PRIMARY KEY (o, u))",
          "INSERT INTO grants VALUES (1, 7, 70), (2, 8, 80), (3, 9, 90)",
          "INSERT INTO more VALUES (1, 7, 71), (2, 7, 70)");
      other.execute(
          "CREATE TABLE members (id int PRIMARY KEY, g int, u int)",
          "CREATE INDEX ON members (g)",
          "INSERT INTO members VALUES (1, 70, 1), (2, 80, 1), (3, 71, 1), (4, 72, 1), (5, 70, 2)");
      Map<String, String> environment = new HashMap<>(database.environment());
      other
          .environment()
          .forEach(
              (name, value) -> environment.put(name.replace("BACKFILL", "BACKFILL_CI"), value));
      String plan =
          """
          databases.ci.env = BACKFILL_CI
          sources {
            grants = grants, more = more
            members { table = members, database = ci, keyed-by { g = [grants.g] } }
          }
          steps = [{ name = s, kind = pairs
            through = [{ from = grants, object = o, group = g }, { from = more, object = o, group = g }]
            members = [{ from = members, group = g, user = u }]
            into = { table = d, object = o, user = u } }]
          """;

      TestingRun pair = explain(environment, plan, "--object", "7", "--user", "1", "--sql");

      // Group 71 has the user, but its members are not fetched: no row of grants has it.
      assertThat(groups(pair)).containsExactly("70", "70");
      assertThat(pair.out()).anyMatch(line -> line.startsWith("-- ci at "));
      TestingRun user = explain(environment, plan, "--user", "1");
      assertThat(explained(user).path("given").path("pairs").asLong()).isEqualTo(2);
      assertThat(groups(user)).containsExactly("70", "80", "70");
      assertThat(explained(explain(environment, plan, "--object", "7")).path("given").path("pairs"))
          .hasToString("2");
      TestingRun without = explain(plan, "--user", "1");
      assertThat(without.code()).isEqualTo(2);
      assertThat(without.said()).contains("BACKFILL_CI_URL: not set");
    }
  }

  /** Sources are looked at where they are read, and target and ledger where they are written. */
  @Test
  void serverToReadFromMustHaveTheSameDatabase() throws Exception {
    database.execute(
        "CREATE TABLE direct (o int, u int)",
        "CREATE TABLE d (o int, u int, PRIMARY KEY (o, u))",
        "INSERT INTO direct VALUES (7, 1)");
    String plan =
        """
        sources.direct = direct
        steps = [{ name = s, kind = pairs, direct = [{ from = direct, object = o, user = u }]
          into = { table = d, object = o, user = u } }]
        """;
    Map<String, String> environment = new HashMap<>(database.environment());
    environment.put("BACKFILL_READ_URL", database.url());

    TestingRun same = explain(environment, plan, "--object", "7", "--user", "1");

    assertThat(explained(same).path("gives").asBoolean()).isTrue();
    try (TestingDatabase other = TestingPostgres.shared().createDatabase()) {
      environment.put("BACKFILL_READ_URL", other.url());
      TestingRun another = explain(environment, plan, "--object", "7", "--user", "1");
      assertThat(another.code()).isEqualTo(3);
      assertThat(another.said())
          .contains(
              "reads database \""
                  + other.name()
                  + "\" while \""
                  + database.name()
                  + "\" is written");
    }
    environment.put("BACKFILL_READ_URL", "jdbc:postgresql://127.0.0.1:1/none");
    TestingRun none = explain(environment, plan, "--object", "7", "--user", "1");
    assertThat(none.code()).isEqualTo(3);
    assertThat(none.said())
        .contains("cannot connect to 127.0.0.1:1/none")
        .contains("BACKFILL_READ_URL");
    assertThat(none.line().path("retryable").asBoolean()).isTrue();
  }

  @Test
  void largeSourcesAreReadByTheirIndexes() throws Exception {
    database.execute(
        "CREATE TABLE direct (id int PRIMARY KEY, o int, u int)",
        "CREATE TABLE grants (id int PRIMARY KEY, o int, g int)",
        "CREATE TABLE members (id int PRIMARY KEY, g int, u int)",
        "CREATE TABLE d (o int, u int, PRIMARY KEY (o, u))",
        "INSERT INTO direct SELECT n, n % 5000, n % 4999 FROM generate_series(1, 60000) n",
        "INSERT INTO grants SELECT n, n % 5000, n % 997 FROM generate_series(1, 60000) n",
        "INSERT INTO members SELECT n, n % 997, n % 4999 FROM generate_series(1, 60000) n",
        "INSERT INTO d SELECT DISTINCT o, u FROM direct",
        "CREATE INDEX ON direct (o); CREATE INDEX ON direct (u); CREATE INDEX ON grants (o); CREATE INDEX ON grants (g)",
        "CREATE INDEX ON members (g); CREATE INDEX ON members (u); CREATE INDEX ON d (u)",
        "ANALYZE");
    for (String[] asked :
        List.of(
            new String[] {"--object", "77", "--user", "78", "--sql"},
            new String[] {"--object", "77", "--sql"},
            new String[] {"--user", "78", "--sql"})) {
      List<String> statements = statements(explain(BOTH_WAYS, asked));
      assertThat(statements).hasSizeGreaterThan(3);
      for (String sql : statements) {
        assertThat(database.rows("EXPLAIN " + sql).toString())
            .doesNotContain("Seq Scan")
            .contains("Index");
      }
    }
  }

  /** Those that read tables of the plan, each with its values. */
  private static List<String> statements(TestingRun run) {
    List<String> statements = new ArrayList<>();
    Map<String, String> values = new HashMap<>();
    for (String line : run.out()) {
      Matcher value = Pattern.compile("-- (\\$\\d+) = (.*)").matcher(line);
      if (value.matches()) {
        values.put(value.group(1), value.group(2));
      } else if (line.startsWith("SELECT") && line.contains("$1")) {
        statements.add(
            Pattern.compile("(\\$\\d+)(::pg_catalog[.]int8(\\[])?)")
                .matcher(line)
                .replaceAll(
                    place ->
                        "'%s'%s"
                            .formatted(
                                place.group(3) == null
                                    ? values.get(place.group(1))
                                    : "{" + values.get(place.group(1)) + "}",
                                place.group(2))));
      }
    }
    return statements;
  }
}
