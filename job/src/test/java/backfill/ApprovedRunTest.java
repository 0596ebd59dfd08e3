package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRole;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** A run that a dry run approved does that and no more, or nothing. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ApprovedRunTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String PLAN =
      """
      name = approved-test
      allow-delete = true
      limits.surplus-percent = none
      sources { grants = grants, seats = seats }
      steps = [
        { name = pairs, kind = pairs, surplus = delete
          direct = [{ from = grants, object = o, user = u }]
          into = { table = may, object = o, user = u } }
        { name = levels, kind = rows, mode = upsert
          query = "SELECT id, level FROM seats", into = { table = seat, key = [id] } }
        { name = purge, kind = batches, table = log, where = "old", delete = true }
        { name = mark, kind = batches, table = note, where = "seen IS NULL", set = { seen = "true" } } ]
      """;

  /**
   * What it would do: 101 pairs and 2 to delete with 3 notes, 10 levels and 20 to set, 3 logs with
   * 3 entries, and 5 notes to mark.
   */
  private static final List<String> TABLES =
      List.of(
          "CREATE TABLE grants (o int, u int)",
          "CREATE TABLE may (o int, u int, PRIMARY KEY (o, u))",
          "CREATE TABLE note (id int PRIMARY KEY, o int, u int, seen boolean,"
              + " FOREIGN KEY (o, u) REFERENCES may ON DELETE CASCADE)",
          "CREATE TABLE seats (id int, level int)",
          "CREATE TABLE seat (id int PRIMARY KEY, level int)",
          "CREATE TABLE log (id int PRIMARY KEY, old boolean)",
          "CREATE TABLE entry (id int PRIMARY KEY, log int REFERENCES log ON DELETE CASCADE)",
          "INSERT INTO grants SELECT o, 1 FROM generate_series(1, 101) o",
          "INSERT INTO may VALUES (7, 7), (8, 8)",
          "INSERT INTO note VALUES (1, 7, 7), (2, 7, 7), (3, 8, 8), (4, 1, NULL), (5, 1, NULL)",
          "INSERT INTO seats SELECT i, i FROM generate_series(1, 30) i",
          "INSERT INTO seat SELECT i, 0 FROM generate_series(11, 30) i",
          "INSERT INTO log SELECT i, i < 4 FROM generate_series(1, 9) i",
          "INSERT INTO entry SELECT i, i FROM generate_series(1, 9) i",
          "CREATE TABLE names (name text)",
          "CREATE FUNCTION named() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
              + " INSERT INTO names VALUES (current_setting('application_name')); RETURN NULL; END $$",
          "CREATE TRIGGER named AFTER INSERT ON may FOR EACH STATEMENT EXECUTE FUNCTION named()");

  @TempDir private static Path directory;
  private static TestingDatabase database;
  private static Path plan;
  private static ObjectNode report;

  @BeforeAll
  static void planned() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(TABLES.toArray(String[]::new));
    plan = Files.writeString(directory.resolve("plan.conf"), PLAN);
    TestingRun dry = TestingRun.of(database.environment(), "plan", plan);
    assertThat(dry.code()).as(dry.said()).isZero();
    report = (ObjectNode) dry.report();
  }

  @AfterAll
  static void drop() throws Exception {
    database.close();
  }

  private static TestingRun run(Consumer<ObjectNode> edit, String... options) throws Exception {
    ObjectNode copy = report.deepCopy();
    edit.accept(copy);
    return approved(copy.toString(), options);
  }

  private static TestingRun approved(String text, String... options) throws Exception {
    Path file = Files.writeString(directory.resolve("report.json"), text);
    return TestingRun.of(
        database.environment(),
        "run",
        plan,
        Stream.concat(Stream.of("--approved", file.toString()), Stream.of(options))
            .toArray(String[]::new));
  }

  private static ObjectNode step(ObjectNode of, String name) {
    for (JsonNode step : of.path("steps")) {
      if (step.path("name").asText().equals(name)) {
        return (ObjectNode) step;
      }
    }
    throw new AssertionError("no step " + name + " in " + of);
  }

  private static ObjectNode main(ObjectNode of) {
    return (ObjectNode) of.path("databases").path("main");
  }

  private static String error(TestingRun run) {
    return run.report().path("error").path("message").asText();
  }

  /** Every row of the tables, and of the ledger's batches. */
  private static List<List<Object>> trace() throws Exception {
    List<List<Object>> trace = new ArrayList<>();
    for (String table : List.of("may", "note", "seat", "log", "entry")) {
      trace.addAll(database.rows("SELECT xmin::text, t::text FROM " + table + " t ORDER BY t"));
    }
    if (!database.rows("SELECT 1 FROM pg_class WHERE relname = 'batch'").isEmpty()) {
      trace.addAll(database.rows("SELECT b::text FROM backfill.batch b ORDER BY b"));
    }
    return trace;
  }

  private static void refused(TestingRun run, List<List<Object>> before, String... words)
      throws Exception {
    assertThat(run.code()).as(run.said()).isEqualTo(5);
    assertThat(run.report().path("status").asText()).isEqualTo("refused");
    assertThat(error(run)).contains(words).contains("Nothing was written");
    assertThat(trace()).isEqualTo(before);
  }

  @Test
  @Order(1)
  void whatIsNoReportOfADryRunIsAMistakeOfTheCommandLine() throws Exception {
    List<List<Object>> before = trace();
    String absent = directory.resolve("absent").toString();
    List<TestingRun> wrong =
        List.of(
            TestingRun.of(database.environment(), "run", plan, "--approved", absent),
            approved("no JSON"),
            approved("{}"),
            run(of -> of.put("command", "run")),
            run(of -> of.put("exitCode", 3)),
            run(of -> step(of, "pairs").put("toInsert", "many")),
            run(of -> of.put("startedAt", "yesterday")),
            TestingRun.of(database.environment(), "run", plan, "--approved-by", "anna"),
            run(of -> {}, "--approved-by", " "));
    assertThat(wrong).allSatisfy(run -> assertThat(run.code()).as(run.said()).isEqualTo(2));
    assertThat(wrong)
        .extracting(TestingRun::said)
        .map(said -> said.replace(directory.toString(), "D"))
        .containsExactly(
            "--approved D/absent: cannot be read (NoSuchFileException: D/absent); name the file that plan wrote with"
                + " --report",
            "--approved D/report.json: is not JSON as plan writes it with --report",
            "--approved D/report.json: is not a report of this version of the job",
            "--approved D/report.json: is the report of run, and only one of plan approves a run",
            "--approved D/report.json: is the report of a dry run that did not come to its end: its exit code is 3",
            "--approved D/report.json: has a toInsert that is not a whole number: \"many\"",
            "--approved D/report.json: has a startedAt that is not a time: yesterday",
            "--approved-by: says who approved a dry run, and --approved REPORT, which says what, is missing",
            "--approved-by: is empty; name who approved the dry run, or leave it out");
    assertThat(trace()).isEqualTo(before);
  }

  @Test
  @Order(2)
  void anotherPlanDatabaseTimeOrSelectionIsRefusedBeforeAnythingIsCounted() throws Exception {
    List<List<Object>> before = trace();
    Instant now = Instant.parse(report.path("startedAt").asText());

    TestingRun all =
        run(
            of -> {
              of.put("planHash", "0abc").put("wouldRefuse", 5);
              of.put("startedAt", now.minus(Duration.ofHours(25)).toString());
              main(of).put("systemIdentifier", "17");
              step(of, "levels").put("status", "skipped");
              step(of, "pairs").putNull("cascaded");
              step(of, "mark").putNull("toUpdate");
              step(of, "purge").put("name", "other");
            });

    refused(
        all,
        before,
        "its hash was 0abc, and that of approved-test as it runs now is "
            + report.path("planHash").asText(),
        "a run would be refused, with exit code 5",
        "the approved dry run is 25 h 0 min old (it began at ",
        ", and approve-within is 24 h 0 min",
        "the system identifier of %s was 17, and that of %s is %s"
            .formatted(
                main(report).path("server").asText(),
                main(report).path("server").asText(),
                main(report).path("systemIdentifier").asText()),
        "step levels was skipped in the approved dry run",
        "step pairs would delete 2 rows by the approved dry run, which does not know how many go along",
        "step mark has no counts in the approved dry run",
        "step purge is not in the approved dry run, which has pairs, levels, other, mark; select the same steps",
        "Have a new dry run approved");
    assertThat(database.rows("SELECT 1 FROM pg_namespace WHERE nspname = 'backfill'")).isEmpty();
    refused(
        run(of -> main(of).put("database", "elsewhere")),
        before,
        "the approved dry run was of database \"elsewhere\" at ",
        ", and main is \"" + database.name() + "\" at ");
    refused(
        run(of -> of.put("startedAt", now.plus(Duration.ofHours(1)).toString())),
        before,
        "it is of the future");
    refused(
        run(
            of -> of.put("startedAt", now.minus(Duration.ofMinutes(61)).toString()),
            "--set",
            "approve-within=1 h"),
        before,
        "and approve-within is 1 h 0 min");
    refused(
        run(of -> {}, "--set", "limits.rows-inserted=1000"),
        before,
        "the approved dry run was of another plan: its hash was");
    TestingRun demanded =
        TestingRun.of(database.environment(), "run", plan, "--set", "approve=counts");
    refused(
        demanded,
        before,
        "the plan must be approved before it runs (approve = counts), and no --approved REPORT is given");
  }

  @Test
  @Order(3)
  void oneRowBeyondWhatIsApprovedIsRefusedBeforeAnyStepWrites() throws Exception {
    List<List<Object>> before = trace();

    TestingRun beyond =
        run(
            of -> {
              main(of).putNull("systemIdentifier");
              step(of, "pairs").put("toInsert", 99).put("toDelete", 1);
              step(of, "pairs").withObject("/cascaded").put("note", 2);
              step(of, "levels").put("toInsert", 9).put("toUpdate", 19);
              step(of, "purge").put("toDelete", 2).withObject("/cascaded").removeAll();
              step(of, "mark").put("toUpdate", 1);
            });

    refused(
        beyond,
        before,
        "step pairs would add 101 rows, and 99 are approved, and limits.drift-percent is 1: at most 99",
        "step pairs would delete 2 rows, and 1 is approved",
        "step pairs would take along 3 rows of note with those that it deletes, and 2 are approved",
        "step levels would add 10 rows, and 9 are approved",
        "step levels would set 20 rows, and 19 are approved",
        "step purge would delete 3 rows, and 2 are approved",
        "step purge would take along 3 rows of entry with those that it deletes, and 0 are approved",
        "step mark would set 5 rows, and 1 is approved");
    assertThat(beyond.report().path("warnings").toString())
        .contains(
            "approval: the server of main does not tell its system identifier, or did not at the dry run; only the"
                + " database's name, \\\""
                + database.name()
                + "\\\", was compared");
    refused(
        run(of -> step(of, "pairs").put("toInsert", 100), "--set", "limits.drift-percent=0"),
        before,
        "step pairs would add 101 rows, and 100 are approved, and limits.drift-percent is 0: at most 100");
  }

  /** Other rows, as many as approved: one grant more, one fewer, and one level is another. */
  @Test
  @Order(4)
  void otherRowsThanThoseApprovedAreRefusedWhereTheyMustBeTheSame() throws Exception {
    Path diff = directory.resolve("approved.jsonl");
    TestingRun dry =
        TestingRun.of(
            database.environment(), "plan", plan, "--until", "levels", "--diff", diff.toString());
    assertThat(dry.code()).as(dry.said()).isZero();
    for (String each : List.of("pairs", "levels")) {
      assertThat(dry.step(each).path("diffChecksum"))
          .as("with a file and without one")
          .isEqualTo(step(report, each).path("diffChecksum"));
    }
    List<List<Object>> before = trace();
    database.execute(
        "UPDATE grants SET u = 2 WHERE o = 50", "UPDATE seats SET level = 8 WHERE id = 20");

    TestingRun other =
        run(
            of -> {},
            "--until",
            "levels",
            "--set",
            "approve=exact",
            "--diff",
            directory.resolve("refused.jsonl").toString(),
            "--approved-diff",
            diff.toString());

    refused(
        other,
        before,
        "step pairs would write other rows than those approved, and approve is exact: the checksum of its 103 rows is ",
        ", and " + step(report, "pairs").path("diffChecksum").asText() + " is approved",
        "; the first that differ: not approved: INSERT {\"o\":\"50\",\"u\":\"2\"}, approved only: INSERT"
            + " {\"o\":\"50\",\"u\":\"1\"}",
        "step levels would write other rows than those approved, and approve is exact: the checksum of its 30 rows is ",
        "; the first that differ: not approved: UPDATE {\"id\":\"20\"}");
    database.execute(
        "UPDATE grants SET u = 1 WHERE o = 50", "UPDATE seats SET level = 20 WHERE id = 20");
  }

  @Test
  @Order(5)
  void whatIsApprovedIsDoneAndEveryPlaceSaysByWhom() throws Exception {
    Instant began = Instant.parse(report.path("startedAt").asText()).minus(Duration.ofHours(23));

    TestingRun done =
        run(
            of -> {
              of.put("startedAt", began.toString());
              step(of, "pairs").put("toInsert", 100);
              step(of, "levels").put("toInsert", 15).put("toUpdate", 25);
            },
            "--approved-by",
            "Änne B. of the board of directors",
            "--set",
            "approve=exact");

    assertThat(done.code()).as(done.said()).isZero();
    assertThat(done.said()).contains("approval: all steps are counted before one writes");
    assertThat(done.counts("pairs", "inserted", "deleted")).isEqualTo(RunTest.numbers(101, 2));
    assertThat(database.count("SELECT count(*) FROM may WHERE u = 1")).isEqualTo(101);
    ObjectNode approval = JSON.createObjectNode();
    approval
        .put("by", "Änne B. of the board of directors")
        .put("runId", report.path("runId").asText())
        .put("planHash", report.path("planHash").asText())
        .put("startedAt", began.toString())
        .put("exact", true)
        .put("driftPercent", 1)
        .putArray("notCompared");
    assertThat(done.report().path("approval")).isEqualTo(approval);
    String inLedger =
        (String)
            database
                .rows(
                    "SELECT approval::text FROM backfill.run WHERE run_id = '%s'"
                        .formatted(done.report().path("runId").asText()))
                .get(0)
                .get(0);
    assertThat(JSON.readTree(inLedger)).isEqualTo(approval);
    String prefix =
        "backfill approved-test " + done.report().path("runId").asText().substring(0, 8);
    assertThat(database.rows("SELECT DISTINCT name FROM names"))
        .isNotEmpty()
        .allSatisfy(
            row -> assertThat((String) row.get(0)).startsWith(prefix + " by ?nne B. of the #"));

    List<List<Object>> before = trace();
    TestingRun fewer = run(of -> {}, "--only", "levels");
    assertThat(fewer.code()).as(fewer.said()).isZero();
    assertThat(trace()).isEqualTo(before);
  }

  /** Some managed servers let no one ask for the identifier. */
  @Test
  @Order(6)
  void aServerThatDoesNotTellItsIdentifierIsPlannedOnAllTheSame() throws Exception {
    database.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
    try (TestingRole role = TestingRole.plain(database)) {
      database.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + role.name);

      TestingRun dry = TestingRun.of(role.environment(), "plan", plan, "--only", "levels");

      assertThat(dry.code()).as(dry.said()).isZero();
      JsonNode main = dry.report().path("databases").path("main");
      assertThat(main.path("systemIdentifier").isNull()).isTrue();
      assertThat(main.path("database").asText()).isEqualTo(database.name());
    }
  }
}
