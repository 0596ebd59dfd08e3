package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a plan must never do, asked of what its steps would do. */
class NeverTest {
  private static final String STEPS =
      """
      name = checked, allow-delete = true
      sources { grants = grants, people = people, levels = levels, seen_rows = seen, never_read = bans }
      steps = [
        { name = see-all, kind = pairs, surplus = delete
          direct = [{ from = grants, object = project, user = person }]
          into = { table = seen, object = project, user = person } }
        { name = level, kind = rows, mode = upsert
          query = "SELECT person, level, rate FROM levels"
          into = { table = held, key = [person] } }
      ]
      limits.surplus-percent = none
      """;

  private TestingDatabase database;
  @TempDir private Path directory;

  @BeforeEach
  void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE people (id text PRIMARY KEY, active bool NOT NULL)",
        "CREATE TABLE grants (project int, person text)",
        "CREATE TABLE levels (person text PRIMARY KEY, level int, rate numeric)",
        "CREATE TABLE bans (person text, since timestamptz)",
        "CREATE TABLE seen (project int, person text, PRIMARY KEY (project, person))",
        "CREATE TABLE held (person text PRIMARY KEY, level smallint, rate numeric, before_x int)",
        "INSERT INTO people SELECT 'p' || i, i % 2 = 1 FROM generate_series(1, 40) AS i",
        "INSERT INTO grants SELECT i / 10, 'p' || i FROM generate_series(1, 40) AS i",
        "INSERT INTO seen VALUES (0, 'p1'), (7, 'p7')",
        "INSERT INTO levels SELECT 'p' || i, i, i * 1.5 FROM generate_series(1, 5) AS i",
        "INSERT INTO held SELECT 'p' || i, i, i * 1.50 FROM generate_series(1, 3) AS i",
        "UPDATE held SET level = 9 WHERE person = 'p2'");
  }

  @AfterEach
  void drop() throws Exception {
    database.close();
  }

  private TestingRun run(String command, String never, String... options) throws Exception {
    Path plan = directory.resolve("never.conf");
    Files.writeString(plan, STEPS + never);
    return TestingRun.of(database.environment(), command, plan, options);
  }

  private List<List<Object>> state() throws Exception {
    return database.rows(
        "SELECT 'seen', project::text, person, xmin::text FROM seen"
            + " UNION ALL SELECT 'held', level::text, person, xmin::text FROM held ORDER BY 1, 2, 3");
  }

  private static String message(TestingRun run) {
    return run.report().path("error").path("message").asText();
  }

  @Test
  void whatWouldGiveARowIsRefusedBeforeAnythingIsWritten() throws Exception {
    String never =
        """
        never {
          nobody-inactive = "SELECT a.project, a.person FROM added_see_all a JOIN people p ON p.id = a.person WHERE NOT p.active"
          fine = "SELECT 1 FROM added_see_all WHERE project > 100"
        }
        """;
    List<List<Object>> before = state();

    TestingRun refused = run("run", never);

    assertThat(refused.code()).as(refused.said()).isEqualTo(5);
    assertThat(message(refused))
        .isEqualTo(
            "never nobody-inactive gives 20 rows, and must give none: (project, person) = (0, p2), (0, p4), (0, p6),"
                + " (0, p8), (1, p10), (1, p12), (1, p14), (1, p16), (1, p18), (2, p20), …. Nothing was written");
    assertThat(
            database.count(
                "SELECT count(*) FROM grants JOIN people ON id = person WHERE NOT active"))
        .isEqualTo(20);
    assertThat(refused.report().path("never").toString())
        .isEqualTo("{\"nobody-inactive\":20,\"fine\":0}");
    assertThat(refused.step("see-all").path("status").asText()).isEqualTo("refused");
    assertThat(state()).isEqualTo(before);
    assertThat(database.count("SELECT count(*) FROM backfill.batch")).isZero();

    TestingRun dry = run("plan", never);
    assertThat(dry.code()).as(dry.said()).isZero();
    assertThat(dry.report().path("wouldRefuse").asInt()).isEqualTo(5);
    assertThat(dry.report().path("warnings").get(0).asText())
        .startsWith("a run would be refused: never nobody-inactive gives 20 rows");

    database.execute("UPDATE people SET active = true");
    TestingRun done = run("run", never);
    assertThat(done.code()).as(done.said()).isZero();
    assertThat(done.report().path("never").toString())
        .isEqualTo("{\"nobody-inactive\":0,\"fine\":0}");
    assertThat(done.counts("see-all", "inserted", "deleted")).containsExactly(39L, 1L);
    // The next run adds nothing, whatever has become of the people.
    database.execute("UPDATE people SET active = false");
    assertThat(run("run", never).code()).isZero();
    assertThat(run("verify", never).report().path("never")).isEmpty();
  }

  /** What a row held before is beside what it is to hold, in the target's types. */
  @Test
  void rowsOfSeveralStepsAreJoinedAndCompared() throws Exception {
    TestingRun run =
        run(
            "plan",
            """
            never {
              both = "SELECT a.person, s.before_level, s.level FROM added_see_all a JOIN set_level s USING (person)"
              lowered = "SELECT person, before_level - level AS by FROM set_level WHERE before_level > level"
              gone = "SELECT r.* FROM removed_see_all r JOIN people p ON p.id = r.person WHERE p.active"
              rates = "SELECT person, rate * 2 AS twice FROM added_level WHERE rate > 6.5"
              unset = "SELECT person FROM set_level WHERE rate <=> before_rate AND rate = 1.5"
            }
            """);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.report().path("never").toString())
        .isEqualTo("{\"both\":1,\"lowered\":1,\"gone\":1,\"rates\":1,\"unset\":0}");
    assertThat(run.said())
        .contains(
            "never both gives 1 row, and must give none: (person, before_level, level) = (p2, 9, 2)",
            "never lowered gives 1 row, and must give none: (person, by) = (p2, 7)",
            "never gone gives 1 row, and must give none: (project, person) = (7, p7)",
            "never rates gives 1 row, and must give none: (person, twice) = (p5, 15)");
  }

  @Test
  void anUnknownColumnOrTableIsFoundByCheck() throws Exception {
    TestingRun run =
        run(
            "check",
            """
            never {
              column = "SELECT a.persn FROM added_see_all a"
              table = "SELECT * FROM added_see_all a JOIN nowhere n ON n.id = a.person"
              types = "SELECT * FROM set_level WHERE rate > CAST(1 AS DOUBLE)"
            }
            """);

    assertThat(run.code()).as(run.said()).isEqualTo(3);
    assertThat(message(run))
        .contains(
            "plan checked: never column: line 1, a.persn: A column, variable, or function parameter with name"
                + " `a`.`persn` cannot be resolved. Did you mean one of the following? [`a`.`person`, `a`.`project`]",
            "never table: line 1, nowhere: The table or view `nowhere` cannot be found",
            "never types: line 1, rate > CAST(1 AS DOUBLE): rate, a decimal(38,18), is taken as double there");
  }

  @Test
  void aSourceThatOnlyACheckReadsIsReadAndItsRightAskedFor() throws Exception {
    String never =
        "never.banned = \"SELECT a.person, b.since FROM added_see_all a JOIN never_read b ON b.person = a.person\"";
    assertThat(run("plan", never).report().path("never").path("banned").asInt(-1)).isZero();

    database.execute(
        "INSERT INTO bans VALUES ('p30', 'infinity'), ('p7', '2026-02-03 04:05:06+00')");
    TestingRun run = run("run", never);

    assertThat(run.code()).isEqualTo(5);
    assertThat(message(run))
        .startsWith(
            "never banned gives 2 rows, and must give none: (person, since) = (p30, infinity), (p7, 2026-02-03 04:05:06+00)");
    assertThat(run.step("see-all").path("read").path("never_read").asInt()).isEqualTo(2);
    TestingRun rights = run("check", never, "--grants");
    assertThat(String.join("\n", rights.out())).contains("bans");
    database.execute("DROP TABLE bans");
    assertThat(message(run("run", never))).contains("source never_read: table bans does not exist");
  }

  @Test
  void whatIsChosenInPartIsRefusedAndWhatIsNotChosenNotAsked() throws Exception {
    String never =
        """
        never {
          both = "SELECT * FROM added_see_all a JOIN added_level b ON a.person = b.person"
          level = "SELECT * FROM added_level"
        }
        """;
    TestingRun half = run("run", never, "--only", "see-all");
    assertThat(half.code()).isEqualTo(2);
    assertThat(half.said())
        .contains(
            "never both is asked of what the steps see-all, level would do together, and only see-all is chosen; choose all of them");
    assertThat(run("verify", never, "--only", "see-all").code()).isEqualTo(7);

    TestingRun other = run("run", never.replaceFirst("both.*", ""), "--only", "see-all");
    assertThat(other.code()).as(other.said()).isZero();
    assertThat(other.report().path("never").toString()).isEqualTo("{\"level\":null}");
  }

  @Test
  void aSkippedStepHasNoRows() throws Exception {
    Path plan = directory.resolve("skipped.conf");
    Files.writeString(
        plan,
        STEPS.replace("mode = upsert", "mode = upsert, only-if = \"false\"")
            + """
            never {
              both = "SELECT a.person, s.rate FROM added_see_all a JOIN set_level s ON s.person = a.person AND s.before_level > 1"
              alone = "SELECT * FROM people p LEFT ANTI JOIN added_level l ON l.person = p.id"
            }
            """);

    TestingRun run = TestingRun.of(database.environment(), "run", plan);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.report().path("never").toString()).isEqualTo("{\"both\":0,\"alone\":null}");
  }

  /** The second step reads what the first one writes: it has a snapshot of its own. */
  private Path twoTurns(String never) throws Exception {
    database.execute("CREATE TABLE later (id text PRIMARY KEY, projects int)");
    Path plan = directory.resolve("turns.conf");
    return Files.writeString(
        plan,
        """
        name = turns
        lock-timeout = 60 s
        sources { grants = grants, people = people, seen_rows = seen }
        steps = [
          { name = first-one, kind = pairs
            direct = [{ from = grants, object = project, user = person }]
            into = { table = seen, object = project, user = person } }
          { name = second, kind = rows, mode = upsert
            query = "SELECT person AS id, CAST(count(*) AS INT) AS projects FROM seen_rows GROUP BY person"
            into = { table = later, key = [id] } }
        ]
        """
            + never);
  }

  @Test
  void aCheckOfALaterStepRefusesBeforeTheFirstOneWrites() throws Exception {
    Path plan =
        twoTurns(
            """
            never {
              later = "SELECT l.id, l.projects FROM added_second l JOIN added_first_one f ON f.person = l.id WHERE f.project = 4"
              first = "SELECT * FROM added_first_one WHERE project > 4"
            }
            """);
    List<List<Object>> before = state();

    TestingRun refused = TestingRun.of(database.environment(), "run", plan);

    assertThat(refused.code()).as(refused.said()).isEqualTo(5);
    assertThat(message(refused))
        .isEqualTo(
            "never later gives 1 row, and must give none: (id, projects) = (p40, 1). Nothing was written");
    assertThat(refused.step("second").path("status").asText()).isEqualTo("refused");
    assertThat(state()).isEqualTo(before);
    assertThat(database.count("SELECT count(*) FROM backfill.batch")).isZero();
    assertThat(
            TestingRun.of(database.environment(), "plan", plan).line().path("wouldRefuse").asInt())
        .isEqualTo(5);

    database.execute("DELETE FROM grants WHERE person = 'p40'");
    TestingRun done = TestingRun.of(database.environment(), "run", plan);
    assertThat(done.code()).as(done.said()).isZero();
    assertThat(done.report().path("never").toString()).isEqualTo("{\"later\":0,\"first\":0}");
    assertThat(database.count("SELECT count(*) FROM later")).isEqualTo(39);
    // Both turns are read for the count and for the write, and both for verify together.
    assertThat(done.report().path("databases").path("main").path("snapshots")).hasSize(5);
  }

  @Test
  void aCheckOfTheFirstStepAloneCountsNothingTwice() throws Exception {
    Path plan = twoTurns("never.first = \"SELECT * FROM added_first_one WHERE project > 4\"\n");

    TestingRun run = TestingRun.of(database.environment(), "run", plan);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.report().path("databases").path("main").path("snapshots")).hasSize(3);
  }

  /** A trigger may change the first step's rows: what the second would do is known at its turn. */
  @Test
  void whatIsNotKnownBeforeIsAskedAtItsTurnWithTheRowsOfTheStepsThatAreWritten() throws Exception {
    database.execute(
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER keep BEFORE INSERT ON seen FOR EACH ROW EXECUTE FUNCTION keep()");
    Path plan =
        twoTurns(
            "never.both = \"SELECT l.id FROM added_second l JOIN added_first_one f ON f.person = l.id WHERE f.project = 4\"\n");

    TestingRun dry = TestingRun.of(database.environment(), "plan", plan);
    assertThat(dry.report().path("never").toString()).isEqualTo("{\"both\":null}");
    assertThat(dry.said())
        .contains(
            "never both: asked only once step second runs: what it would do is not known before");

    TestingRun run = TestingRun.of(database.environment(), "run", plan);
    assertThat(run.code()).as(run.said()).isEqualTo(5);
    assertThat(message(run))
        .isEqualTo(
            "never both gives 1 row, and must give none: (id) = (p40). Written before: first-one (39 rows)");
    assertThat(database.count("SELECT count(*) FROM later")).isZero();
  }

  /**
   * Values that the engine does not hold exactly are compared, and refused, as in other queries.
   */
  @Test
  void valuesAreWhatTheServerSaysTheyAre() throws Exception {
    database.execute(
        "CREATE EXTENSION IF NOT EXISTS citext",
        "CREATE TABLE given (id citext, at timestamptz, amount numeric, tags int[], day date)",
        "CREATE TABLE taken (id citext PRIMARY KEY, at timestamptz, amount numeric(6,1), tags int[], day date)",
        "INSERT INTO given VALUES ('Ann', 'infinity', 1.25, '{1,2}', '2026-01-02'), ('Bob', '2026-01-01 00:00+00', 7, '{3}', NULL)",
        "INSERT INTO taken VALUES ('ANN', '-infinity', 1.2, '{1}', '2026-01-02')");
    String plan =
        """
        name = values
        sources.given = given
        steps = [{ name = fill, kind = rows, mode = upsert, query = "SELECT id, at, amount, tags, day FROM given"
          into = { table = taken, key = [id] } }]
        never {
          amount = "SELECT amount, before_amount, day FROM set_fill WHERE amount > before_amount AND amount - before_amount = 0.1"
          tags = "SELECT tags, before_tags FROM set_fill WHERE size(tags) > size(before_tags)"
          times = "SELECT at, before_at FROM set_fill WHERE at > before_at"
          id = "SELECT id FROM set_fill WHERE lower(CAST(id AS STRING)) = 'ann'"
          new = "SELECT id, at, amount, tags, day FROM added_fill WHERE tags[0] = 3 AND amount = 7"
        %s}
        """;
    Path file = Files.writeString(directory.resolve("values.conf"), plan.formatted(""));

    TestingRun run = TestingRun.of(database.environment(), "plan", file);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.said())
        .contains(
            "never amount gives 1 row, and must give none: (amount, before_amount, day) = (1.3, 1.2, 2026-01-02)",
            "never tags gives 1 row, and must give none: (tags, before_tags) = ({\"1\",\"2\"}, {\"1\"})",
            "never times gives 1 row, and must give none: (at, before_at) = (infinity, -infinity)",
            "never id gives 1 row, and must give none: (id) = (Ann)",
            "never new gives 1 row, and must give none: (id, at, amount, tags, day) = (Bob, 2026-01-01 00:00:00+00, 7, {\"3\"}, NULL)");

    Files.writeString(
        file,
        plan.formatted(
            "  loose = \"SELECT id FROM added_fill WHERE id = 'bob'\"\n  year = \"SELECT 1 FROM set_fill WHERE year(at) > 2030\"\n"));
    assertThat(message(TestingRun.of(database.environment(), "check", file)))
        .contains("never loose: added_fill.id is citext, of which a query has the text only");
    Files.writeString(
        file, plan.formatted("  year = \"SELECT 1 FROM set_fill WHERE year(at) > 2030\"\n"));
    TestingRun infinite = TestingRun.of(database.environment(), "plan", file);
    assertThat(infinite.code()).as(infinite.said()).isEqualTo(4);
    assertThat(message(infinite))
        .startsWith("set_fill: ")
        .contains("at is infinite, of which no function of the query");
  }
}
