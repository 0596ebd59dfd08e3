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
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A row that is not the step's and holds a key that it plans: counted alike, and left alone. */
class ForeignRowsTest {
  private static final String PAIRS =
      """
      { name = pairs, kind = pairs, direct = [{ from = grants, object = object_id, user = user_id }]
        into = { table = visible, object = object_id, user = user_id }, owns = "source = 'job'" }
      """;

  private static final String ROWS =
      """
      { name = ins, kind = rows, mode = %s
        query = "SELECT object_id, user_id, level, 'job' AS source FROM grants"
        into = { table = ranked, key = [object_id, user_id] }, owns = "source = 'job'" }
      """;

  @TempDir Path directory;
  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        """
        CREATE TABLE grants (object_id int, user_id int, level int DEFAULT 1);
        INSERT INTO grants VALUES (1,10),(1,11),(2,10);
        CREATE TABLE visible (object_id int, user_id int, source text NOT NULL DEFAULT 'job', PRIMARY KEY (object_id,user_id));
        INSERT INTO visible VALUES (1,10,'manual'),(7,70,'manual');
        CREATE TABLE ranked (object_id int, user_id int, level int, source text DEFAULT 'job', PRIMARY KEY (object_id,user_id));
        INSERT INTO ranked VALUES (1,10,5,'manual'),(2,10,7,NULL),(7,70,5,'manual');
        """);
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private TestingRun run(String command, String steps, String... options) throws IOException {
    Path plan = directory.resolve("owns.conf");
    Files.writeString(
        plan,
        "name = owns\nallow-delete = true\nlimits.surplus-percent = 100\nsources.grants = grants\nsteps = ["
            + steps
            + "]");
    return TestingRun.of(database.environment(), command, plan, options);
  }

  private void assertLeftAlone(TestingRun run) throws SQLException {
    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.said())
        .containsPattern("[1-9] foreign .held by a row that is not the step's")
        .doesNotContainPattern("written by \\w+ |[1-9]\\d* (added meanwhile|missing)");
    assertThat(database.rows("SELECT * FROM visible WHERE source = 'manual' ORDER BY 1"))
        .hasToString("[[1, 10, manual], [7, 70, manual]]");
    assertThat(database.rows("SELECT * FROM ranked WHERE source IS DISTINCT FROM 'job' ORDER BY 1"))
        .hasToString("[[1, 10, 5, manual], [2, 10, 7, null], [7, 70, 5, manual]]");
  }

  @Test
  void itIsOneStateInEachCommandAndInBothKinds() throws Exception {
    String steps = PAIRS + ROWS.formatted("insert-missing");
    TestingRun plan = run("plan", steps);
    assertLeftAlone(plan);
    assertThat(plan.counts("pairs", "planned", "alreadyPresent", "foreign", "toInsert"))
        .isEqualTo(RunTest.numbers(3, 0, 1, 2));
    assertThat(plan.counts("ins", "planned", "alreadyPresent", "foreign", "toInsert"))
        .isEqualTo(RunTest.numbers(3, 0, 2, 1));
    assertThat(plan.line().path("foreign").asLong()).isEqualTo(3);
    assertThat(plan.line().path("toInsert").asLong()).isEqualTo(3);

    for (int inserted : new int[] {1, 0}) {
      TestingRun run = run("run", steps);
      assertLeftAlone(run);
      assertThat(
              run.counts(
                  "pairs",
                  "alreadyPresent",
                  "foreign",
                  "inserted",
                  "conflicts",
                  "missing",
                  "rejected"))
          .isEqualTo(RunTest.numbers(2 - 2 * inserted, 1, 2 * inserted, 0, 0, 0));
      assertThat(
              run.counts(
                  "ins",
                  "alreadyPresent",
                  "foreign",
                  "inserted",
                  "conflicts",
                  "missing",
                  "addedMeanwhile"))
          .isEqualTo(RunTest.numbers(1 - inserted, 2, inserted, 0, 0, 0));
      assertThat(run.line().path("foreign").asLong()).isEqualTo(3);
      assertThat(run.said()).containsPattern("step +planned +present +foreign +inserted ");
    }

    TestingRun verify = run("verify", steps);
    assertLeftAlone(verify);
    assertThat(verify.counts("pairs", "foreign", "missing")).isEqualTo(RunTest.numbers(1, 0));
    assertThat(verify.counts("ins", "foreign", "missing")).isEqualTo(RunTest.numbers(2, 0));
    assertThat(String.join("\n", run("status", steps).out()))
        .containsPattern("rejected +foreign ")
        .containsPattern(" 0 +3 ");
    assertThat(String.join("\n", run("check", steps, "--sql").out()))
        .containsPattern(
            "SELECT \"object_id\", *\"user_id\" FROM [^\n]* WHERE [^;]*source = 'job'\\s+. IS NOT TRUE");
  }

  @ParameterizedTest
  @ValueSource(strings = {"upsert", "update"})
  void itIsNotSetEither(String mode) throws Exception {
    String steps = ROWS.formatted(mode);
    database.execute("INSERT INTO ranked VALUES (1, 11, 9, 'job')");
    for (String command : List.of("plan", "run", "run", "verify")) {
      TestingRun run = run(command, steps);
      assertLeftAlone(run);
      assertThat(run.counts("ins", "planned", "foreign")).isEqualTo(RunTest.numbers(3, 2));
    }
    assertThat(database.rows("SELECT * FROM ranked WHERE source = 'job'"))
        .hasToString("[[1, 11, 1, job]]");
  }

  @Test
  void itIsNoSurplusAndARowThatTheStepLostIsLeftAlone() throws Exception {
    String steps = (PAIRS + ROWS.formatted("upsert")).replace("owns =", "surplus = delete, owns =");
    assertThat(run("run", steps).code()).isZero();
    database.execute(
        "UPDATE visible SET source = 'manual' WHERE user_id = 11",
        "DELETE FROM grants WHERE user_id = 11",
        "INSERT INTO visible VALUES (9, 90, 'job')");

    TestingRun run = run("run", steps);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.counts("pairs", "planned", "foreign", "surplus", "deleted"))
        .isEqualTo(RunTest.numbers(2, 1, 1, 1));
    assertThat(run.counts("ins", "planned", "foreign", "surplus", "deleted"))
        .isEqualTo(RunTest.numbers(2, 2, 1, 1));
    assertThat(database.rows("SELECT object_id, user_id FROM visible ORDER BY 1, 2"))
        .hasToString("[[1, 10], [1, 11], [2, 10], [7, 70]]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"uuid", "bigint", "text"})
  void keysOfAnyTypeAreFound(String type) throws Exception {
    String text = type.equals("uuid") ? "md5(%s::text)::uuid" : "%s::" + type;
    database.execute(
        "DROP TABLE grants, visible",
        "CREATE TABLE grants AS SELECT %s AS object_id, %s AS user_id FROM generate_series(1, 50) o, generate_series(1, 5) u"
            .formatted(text.formatted("o"), text.formatted("(u * 3000000000)")),
        "CREATE TABLE visible (object_id %1$s, user_id %1$s, source text DEFAULT 'job', UNIQUE (object_id, user_id))"
            .formatted(type),
        "ALTER TABLE visible ALTER object_id SET NOT NULL, ALTER user_id SET NOT NULL",
        "INSERT INTO visible SELECT %s, %s, 'manual' FROM generate_series(40, 60) o, generate_series(2, 7) u"
            .formatted(text.formatted("o"), text.formatted("(u * 3000000000)")));
    TestingRun run = run("run", PAIRS);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.counts("pairs", "planned", "foreign", "inserted", "missing"))
        .isEqualTo(RunTest.numbers(250, 11 * 4, 250 - 44, 0));
    assertThat(run("verify", PAIRS).counts("pairs", "alreadyPresent", "foreign", "missing"))
        .isEqualTo(RunTest.numbers(250 - 44, 44, 0));
  }

  @Test
  void onlyRowsOfThePartialIndexHoldAKey() throws Exception {
    database.execute(
        "DROP TABLE visible",
        "CREATE TABLE visible (object_id int NOT NULL, user_id int NOT NULL, source text DEFAULT 'job', gone date)",
        "CREATE UNIQUE INDEX live ON visible (object_id, user_id) WHERE gone IS NULL",
        "INSERT INTO visible VALUES (1, 10, 'manual', NULL), (1, 11, 'manual', 'epoch'), (2, 10, 'job', 'epoch')");
    String steps = PAIRS.replace("source = 'job'", "source = 'job' AND gone IS NULL");
    TestingRun run = run("run", steps);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.counts("pairs", "planned", "foreign", "inserted"))
        .isEqualTo(RunTest.numbers(3, 1, 2));
    assertThat(run("verify", steps).code()).isZero();
  }

  @Test
  void oneThatComesInDuringTheRunIsNoRowThatATriggerTookAndTheLeastRoleSeesIt() throws Exception {
    String role = "least_of_" + database.name();
    database.execute(
        "DROP TABLE visible",
        "CREATE TABLE visible (object_id int NOT NULL, user_id int NOT NULL, source text DEFAULT 'job', gone date,"
            + " kept bool, note text)",
        "CREATE UNIQUE INDEX live ON visible (object_id, user_id) WHERE gone IS NULL OR kept",
        """
        CREATE FUNCTION taken() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
          IF NEW.source = 'job' AND NEW.user_id = 11 THEN
            INSERT INTO public.visible VALUES (NEW.object_id, NEW.user_id, 'manual'); END IF;
          RETURN NEW; END $$""",
        "CREATE TRIGGER taken BEFORE INSERT ON visible FOR EACH ROW EXECUTE FUNCTION taken()",
        "CREATE ROLE " + role + " LOGIN PASSWORD 'trusted'");
    try {
      String steps = PAIRS.replace("source = 'job'", "source = 'job' AND gone IS NULL");
      for (String line : run("check", steps, "--grants").out()) {
        if (line.startsWith("GRANT")) {
          database.execute(line.replace(" TO \"" + database.user() + "\"", " TO " + role));
        }
      }
      Map<String, String> least =
          Map.of(
              "BACKFILL_URL",
              database.url(),
              "BACKFILL_USER",
              role,
              "BACKFILL_PASSWORD",
              "trusted");
      String plan = directory.resolve("owns.conf").toString();
      TestingRun run = TestingRun.of(least, "run", plan);

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.counts("pairs", "planned", "foreign", "inserted", "conflicts", "rejected"))
          .isEqualTo(RunTest.numbers(3, 0, 2, 1, 0));
      assertThat(run.said()).contains("1 foreign (held by a row that is not the step's)");
      assertThat(run.counts("pairs", "missing", "addedMeanwhile")).isEqualTo(RunTest.numbers(0, 0));
      assertThat(TestingRun.of(least, "verify", plan).counts("pairs", "foreign"))
          .isEqualTo(RunTest.numbers(1));
    } finally {
      database.execute("DROP OWNED BY " + role, "DROP ROLE " + role);
    }
  }
}
