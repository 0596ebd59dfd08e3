package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.cli.CommandLineJob;
import backfill.report.ExitCode;
import backfill.report.Stopping;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingGrants;
import backfill.testing.TestingLedger;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRole;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs that are slowed down and paused, by people and by signals; what came of it is asked by SQL.
 */
class ThrottleTest {
  private static final long PATIENCE_NANOS = 300_000_000_000L;

  private static final String ROWS =
      """
      name = copies
      sources.items = items
      steps = [{ name = copy, kind = rows, mode = insert-missing, query = "SELECT id FROM items", into = { table = copies, key = [id] } }]
      write { writers = 3, rows-per-batch = 100 }
      """;

  private static final String BATCHES =
      """
      name = marks
      steps = [{ name = mark, kind = batches, table = items, where = "state IS NULL", set = { state = "'x'" } }]
      write.rows-per-batch = 100
      """;

  /** Sessions that write batches. */
  private static final String WRITERS =
      TestingGrants.SESSIONS + " AND application_name LIKE '% write'";

  @TempDir Path directory;
  private TestingDatabase database;

  @BeforeEach
  void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE items (id int PRIMARY KEY, state text)",
        "INSERT INTO items SELECT n FROM generate_series(1, 6000) n",
        "CREATE TABLE copies (id int PRIMARY KEY)",
        "CREATE TABLE health (score float8)",
        "INSERT INTO health VALUES (1)");
  }

  @AfterEach
  void drop() throws Exception {
    database.close();
  }

  private String plan(String text) throws Exception {
    return Files.writeString(directory.resolve("plan.conf"), text).toString();
  }

  /** A command beside a run of this JVM. */
  private record Said(int code, List<String> err, JsonNode report, JsonNode line) {}

  private static Said ask(Map<String, String> environment, String... words) {
    return said(Stopping.byHand(), environment, words);
  }

  private static Said said(Stopping stopping, Map<String, String> environment, String... words) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        CommandLineJob.run(
            stopping,
            environment,
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            words);
    List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
    int last = lines.size() - 1;
    return new Said(
        code,
        err.toString(StandardCharsets.UTF_8).lines().toList(),
        parsed(String.join("\n", lines.subList(0, last))),
        parsed(lines.get(last)));
  }

  private static JsonNode parsed(String json) {
    try {
      return new ObjectMapper().readTree(json);
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }

  private static void await(Callable<Boolean> event) throws Exception {
    long began = System.nanoTime();
    while (!event.call()) {
      assertThat(System.nanoTime() - began).isLessThan(PATIENCE_NANOS);
      Thread.sleep(20);
    }
  }

  private static TestingRun end(CompletableFuture<TestingRun> run) throws Exception {
    return run.get(2, TimeUnit.MINUTES);
  }

  private long copies() throws Exception {
    return database.count("SELECT count(*) FROM copies");
  }

  /** Once no batch of the run is in flight nothing moves, and nothing of it stays open. */
  private long assertStandsStill() throws Exception {
    await(
        () ->
            database.count(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND"
                        + " application_name LIKE 'backfill copies %#%' AND state <> 'idle'")
                == 0);
    long before = copies();
    Thread.sleep(700);
    assertThat(copies()).isEqualTo(before);
    assertThat(
            database.count(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND"
                    + " application_name LIKE 'backfill copies %#%' AND xact_start IS NOT NULL AND query NOT LIKE 'SELECT (SELECT%'"))
        .isZero();
    return before;
  }

  @Test
  void personPacesAndPausesEveryWriterOfARunningRunWithinABatch() throws Exception {
    String plan = plan(ROWS + "throttle.rows-per-second = 1500");
    Map<String, String> environment = database.environment();
    Said none = ask(environment, "pause", plan);
    assertThat(none.code()).isEqualTo(3);

    CompletableFuture<TestingRun> run = TestingRun.begin(environment, plan);
    await(() -> copies() > 0);

    Said paused = ask(environment, "pause", plan, "--by", "Ann");
    assertThat(paused.code()).as(paused.err().toString()).isZero();
    assertThat(paused.line().path("asked").path("by").asText()).startsWith("Ann, ");
    long before = assertStandsStill();
    assertThat(before).isLessThan(6000);
    Said status = ask(environment, "status", plan);
    assertThat(status.line().path("runs").path(0).path("heldBy").asText())
        .startsWith("paused by Ann, ");

    Said paced = ask(environment, "pace", plan, "1000");
    assertThat(paced.code()).isZero();
    assertStandsStill();
    long resumed = System.nanoTime();
    assertThat(ask(environment, "unpause", plan).code()).isZero();
    await(() -> copies() > before);
    Thread.sleep(1000);
    double seconds = (System.nanoTime() - resumed) / 1e9;
    // A batch of each writer was due already.
    assertThat(copies() - before).isLessThanOrEqualTo((long) (1000 * (seconds + 1)) + 300);
    Said held = ask(environment, "status", plan);
    assertThat(held.line().path("runs").path(0).path("pace").asLong()).isEqualTo(1000);
    assertThat(ask(environment, "pace", plan, "off").code()).isZero();

    TestingRun ended = end(run);
    assertThat(ended.code()).as(ended.said()).isZero();
    assertThat(copies()).isEqualTo(6000);
    assertThat(ended.inserted()).isEqualTo(6000);
    assertThat(ended.step().path("throttledMs").asLong()).isGreaterThan(1400);
    JsonNode pace = ended.report().path("pace");
    assertThat(pace.path("asked").findValuesAsText("asked"))
        .containsExactly("pause", "pace", "unpause", "pace");
    assertThat(pace.path("asked").findValuesAsText("rowsPerSecond")).containsExactly("1000", "off");
    assertThat(pace.path("pauses")).hasSize(1);
    assertThat(pace.path("pauses").path(0).path("reason").asText()).isEqualTo("asked");
    assertThat(pace.path("pauses").path(0).path("by").asText()).startsWith("Ann, ");
    assertThat(pace.path("pauses").path(0).path("lengthMs").asLong()).isGreaterThan(1000);
    assertThat(
            database.count(
                "SELECT count(*) FROM backfill.run WHERE asked ->> 'pausedBy' LIKE '%role%' AND asked -> 'log' -> 0 ->> 'asked' = 'pause'"))
        .isEqualTo(1);
    assertThat(database.count("SELECT sum(rows) FROM backfill.batch WHERE step LIKE 'copy%'"))
        .isEqualTo(6000);
  }

  @Test
  void numberOfThePlanPausesUntilItIsAboveAgain() throws Exception {
    database.execute("UPDATE health SET score = 0.5");
    String plan =
        plan(
            BATCHES
                + "throttle.signals.apdex { query = \"SELECT score FROM health\", pause-below = 0.8, slow-below = 0.9 }\n");
    CompletableFuture<TestingRun> begun = TestingRun.begin(database.environment(), plan);
    await(
        () ->
            database.count(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%throttle'")
                > 0);
    Thread.sleep(500);
    assertThat(database.count("SELECT count(*) FROM items WHERE state IS NOT NULL")).isZero();
    awaitApdex("0.5");
    database.execute("UPDATE health SET score = 0.7");
    awaitApdex("0.7");
    database.execute("UPDATE health SET score = 0.95");

    TestingRun run = end(begun);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(database.count("SELECT count(*) FROM items WHERE state = 'x'")).isEqualTo(6000);
    assertThat(run.step().path("throttledMs").asLong()).isGreaterThan(400);
    JsonNode pause = run.report().path("pace").path("pauses").path(0);
    assertThat(pause.path("reason").asText()).isEqualTo("apdex");
    assertThat(pause.path("reading").asText()).isEqualTo("0.5");
    assertThat(pause.path("by").isNull()).isTrue();
    assertThat(run.report().path("pace").path("signals").path("apdex").path("worst").asText())
        .isEqualTo("0.5");
    assertThat(run.warnings())
        .containsExactly(
            "throttle: apdex 0.5 (bound pause-below 0.8, slow-below 0.9): a run waits until it keeps to that");
  }

  @Test
  void statementThatChangesADefinitionBeginsOnlyOnceNothingPausesTheRun() throws Exception {
    database.execute("UPDATE health SET score = 0.5", "UPDATE items SET state = 'x'");
    String plan =
        plan(
            """
            name = definitions
            steps = [
              { name = indexed, kind = ddl, creates = states, statement = "CREATE INDEX CONCURRENTLY states ON items (state)" }
              { name = stated, kind = ddl, not-null = [items.state] }
            ]
            throttle.signals.apdex { query = "SELECT score FROM health", pause-below = 0.8 }
            """);
    CompletableFuture<TestingRun> begun = TestingRun.begin(database.environment(), plan);
    await(
        () ->
            TestingLedger.count(
                    database, "SELECT count(*) FROM backfill.run WHERE pace ->> 'paused' = 'true'")
                == 1);
    JsonNode status = ask(database.environment(), "status", plan).line().path("runs").path(0);
    assertThat(status.path("heldBy").asText())
        .isEqualTo("paused by apdex 0.5 (bound pause-below 0.8)");
    assertThat(ask(database.environment(), "pause", plan, "--by", "Ann").code()).isZero();
    database.execute("UPDATE health SET score = 1");
    Thread.sleep(1500);
    assertThat(database.count("SELECT count(*) FROM pg_class WHERE relname = 'states'")).isZero();
    assertThat(ask(database.environment(), "unpause", plan).code()).isZero();

    TestingRun run = end(begun);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(
            database.count(
                "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = indexrelid WHERE indisvalid AND relname = 'states'"))
        .isEqualTo(1);
    assertThat(run.step().path("throttledMs").asLong()).isGreaterThan(1500);
    assertThat(run.step("stated").path("throttledMs").asLong(-1)).isBetween(0L, 500L);
    assertThat(run.report().path("pace").path("pauses").findValuesAsText("reason"))
        .containsExactly("apdex", "asked");
    assertThat(run.report().path("pace").path("asked").findValuesAsText("asked"))
        .containsExactly("pause", "unpause");

    TestingRun again = end(TestingRun.begin(database.environment(), plan));
    assertThat(again.code()).as(again.said()).isZero();
    assertThat(again.step().path("throttledMs").isNull()).isTrue();
  }

  private void awaitApdex(String score) throws Exception {
    await(
        () ->
            TestingLedger.count(
                    database,
                    "SELECT count(*) FROM backfill.run WHERE pace ->> 'by' = 'apdex %s (bound pause-below 0.8, slow-below 0.9)'"
                        .formatted(score))
                == 1);
  }

  @Test
  void sessionThatWaitsForOursSlowsTheRun() throws Exception {
    database.execute(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.04); RETURN NEW; END'",
        "CREATE TRIGGER slow AFTER UPDATE ON items FOR EACH ROW EXECUTE FUNCTION slow()",
        "DELETE FROM items WHERE id > 200");
    String plan = plan(BATCHES + "throttle.blocked-by-us = 0 ms\n");
    CompletableFuture<TestingRun> begun = TestingRun.begin(database.environment(), plan);
    try (Connection other = database.connection();
        Statement statement = other.createStatement()) {
      // Preflight looks at the table, too, and changes no row.
      await(() -> database.count("SELECT count(*)" + WRITERS + " AND wait_event = 'PgSleep'") > 0);
      statement.execute("SELECT FROM items WHERE id = 1 FOR UPDATE");
    }
    // Without a bound of its own, until a signal gave it one.
    await(
        () ->
            TestingLedger.count(
                    database,
                    "SELECT count(*) FROM backfill.run WHERE jsonb_typeof(pace -> 'rowsPerSecond') = 'number'")
                == 1);

    TestingRun run = end(begun);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(
            run.report().path("pace").path("signals").path("blocked-by-us").path("worst").asText())
        .matches("[1-9]\\d* ms|\\d+[.]\\d s");
  }

  @Test
  void pausedRunIsStoppedAtOnceAndItsWaitForALockIsCounted() throws Exception {
    String plan = plan(BATCHES);
    Stopping stopping = Stopping.byHand();
    CompletableFuture<Said> run;
    long began = System.nanoTime();
    long held;
    try (Connection other = database.connection()) {
      other.setAutoCommit(false);
      other.createStatement().execute("SELECT FROM items WHERE id = 150 FOR UPDATE");
      run =
          CompletableFuture.supplyAsync(
              () -> said(stopping, database.environment(), "run", plan, "--report", "-"));
      await(
          () -> database.count("SELECT count(*)" + WRITERS + " AND wait_event_type = 'Lock'") > 0);
      assertThat(ask(database.environment(), "pause", plan).code()).isZero();
      Thread.sleep(2200);
      other.rollback();
      held = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
    }
    await(() -> database.count("SELECT coalesce(sum(rows), 0)::int8 FROM backfill.batch") >= 200);
    Thread.sleep(1100);
    assertThat(database.count("SELECT sum(rows) FROM backfill.batch")).isEqualTo(200);
    long asked = System.nanoTime();
    stopping.ask(new Stopping.Reason("a test", ExitCode.STOPPED));

    Said stopped = run.get(1, TimeUnit.MINUTES);

    assertThat(stopped.code()).as(stopped.err().toString()).isEqualTo(143);
    assertThat((System.nanoTime() - asked) / 1e9).isLessThan(10);
    assertThat(database.count("SELECT count(*) FROM items WHERE state IS NOT NULL")).isEqualTo(200);
    JsonNode step = stopped.report().path("steps").path(0);
    assertThat(step.path("updated").asLong()).isEqualTo(200);
    // When it ended is known to half of the time between two looks, a second or more.
    assertThat(step.path("lockWaitMs").asLong()).isBetween(1500L, held + 1500);
    JsonNode pause = stopped.report().path("pace").path("pauses").path(0);
    assertThat(pause.path("reason").asText()).isEqualTo("asked");
  }

  @Test
  void roleThatMayNotReadReplicasIsToldSoAndTheReportSaysUnknown() throws Exception {
    try (TestingRole role = TestingRole.plain(database)) {
      database.execute(
          "GRANT CREATE ON DATABASE " + database.name() + " TO " + role.name,
          "GRANT SELECT, UPDATE ON items TO " + role.name);
      TestingRun run = TestingRun.of(role.environment(), "run", plan(BATCHES));

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(run.warnings())
          .containsExactly(
              "throttle: replica-lag and replica-lag-bytes cannot be read by role \"%s\": unknown, and so never a reason to slow down; GRANT pg_monitor TO \"%s\", or set throttle.replica-lag = none and throttle.replica-lag-bytes = none"
                  .formatted(role.name, role.name));
      JsonNode lag = run.report().path("pace").path("signals").path("replica-lag");
      assertThat(lag.path("last").isNull()).isTrue();
      assertThat(lag.path("unknown").asText()).isEqualTo("hidden from this role");
    }
  }

  @Test
  void signalThatTheServerRefusesIsNamedWithItsLineAndOneThatHangsPauses() throws Exception {
    TestingRun wrong =
        TestingRun.of(
            database.environment(),
            "run",
            plan(
                BATCHES
                    + "throttle.signals.apdex { query = \"SELECT scor FROM health\", pause-below = 0.8 }\n"));
    assertThat(wrong.code()).isEqualTo(3);
    assertThat(wrong.message())
        .contains(
            "plan.conf:4: throttle.signals.apdex: cannot be asked: column \"scor\" does not exist");
    assertThat(database.count("SELECT count(*) FROM items WHERE state IS NOT NULL")).isZero();

    TestingRun hangs =
        TestingRun.of(
            database.environment(),
            "check",
            plan(
                BATCHES
                    + "throttle { signal-timeout = 100 ms, signals.slow { query = \"SELECT 1 FROM pg_sleep(10)\", pause-above = 5 } }\n"));
    assertThat(hangs.code()).isZero();
    assertThat(hangs.warnings())
        .containsExactly(
            "throttle: slow no answer within 100 ms (bound pause-above 5): a run waits until it keeps to that");
  }

  @Test
  void withoutALedgerTheWritersOfThisProcessAreHeldBackAllTheSame() throws Exception {
    String plan = plan(ROWS + "ledger = off\nthrottle.rows-per-second = 6000\n");
    TestingRun run = TestingRun.of(database.environment(), "run", plan);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(copies()).isEqualTo(6000);
    assertThat(run.step().path("throttledMs").asLong()).isPositive();
    Said none = ask(database.environment(), "pace", plan, "10");
    assertThat(none.code()).isEqualTo(3);
    assertThat(none.err()).singleElement().asString().contains("keeps no ledger (ledger = off)");
    assertThat(ask(database.environment(), "pace", plan, "many").code()).isEqualTo(2);
  }
}
