package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.cli.CommandLineJob;
import backfill.report.ExitCode;
import backfill.report.Stopping;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingJvm;
import backfill.testing.TestingLedger;
import backfill.testing.TestingLog;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingProcess;
import backfill.testing.TestingRun;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.logging.log4j.Level;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that was killed is undone as far as it came, and an undo that was killed goes on. */
class UndoKilledTest {
  private static final String ROWS = "SELECT o, u FROM target ORDER BY o, u";

  private TestingDatabase database;
  private Path plan;
  private List<List<Object>> before;

  @BeforeEach
  void create(@TempDir Path directory) throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE grants AS SELECT o, u FROM generate_series(1, 40) AS o, generate_series(1, 50) AS u",
        "CREATE TABLE target (o int, u int, PRIMARY KEY (o, u))",
        "INSERT INTO target SELECT o, u FROM grants WHERE (o + u) % 5 = 0",
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
            + " 'BEGIN PERFORM pg_sleep(0.004); RETURN coalesce(NEW, OLD); END'",
        "CREATE TRIGGER slow BEFORE INSERT OR DELETE ON target FOR EACH ROW EXECUTE FUNCTION slow()");
    before = database.rows(ROWS);
    plan = directory.resolve("killed.conf");
    Files.writeString(
        plan,
        """
        name = killed
        ledger.lease = 1 s
        write.rows-per-batch = 50
        sources.grants = grants
        steps = [{ name = pairs, kind = pairs, direct = [{ from = grants, object = o, user = u }]
          into = { table = target, object = o, user = u } }]""");
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private TestingRun undo(String run) throws Exception {
    TestingRun undo = TestingRun.of(database.environment(), "undo", run, "--execute");
    while (undo.code() == 75) {
      Thread.sleep(200);
      undo = TestingRun.of(database.environment(), "undo", run, "--execute");
    }
    return undo;
  }

  private TestingProcess start(String... words) throws Exception {
    List<String> command = TestingJvm.words("-Dspark.master=local[2]");
    command.add("backfill.Main");
    command.addAll(List.of(words));
    return TestingProcess.start(command, database.environment());
  }

  private boolean hasBatches(String condition) throws SQLException {
    return TestingLedger.count(
            database,
            "SELECT count(*) FROM backfill.batch b JOIN backfill.run r USING (run_id) WHERE "
                + condition)
        > 2;
  }

  private void awaitBatches(TestingProcess process, String condition) throws Exception {
    while (!hasBatches(condition)) {
      assertThat(process.isAlive()).as(process.said()).isTrue();
      Thread.sleep(20);
    }
  }

  @Test
  void killedRunIsUndoneAsFarAsItCame() throws Exception {
    try (TestingProcess process = start("run", plan.toString())) {
      awaitBatches(process, "r.undoes IS NULL");
      process.kill();
    }
    String run = (String) database.rows("SELECT run_id::text FROM backfill.run").get(0).get(0);
    long written = database.count("SELECT count(*) FROM target") - before.size();
    assertThat(written).isBetween(1L, 1599L);

    TestingRun undo = undo(run);

    assertThat(undo.code()).as(undo.said()).isZero();
    assertThat(database.rows(ROWS)).isEqualTo(before);
    assertThat(undo.report().path("undo").path("writes").get(0).path("takenBack").asLong())
        .isGreaterThanOrEqualTo(written);
  }

  @Test
  void killedAndStoppedUndosGoOn() throws Exception {
    TestingRun run = TestingRun.of(database.environment(), "run", plan.toString());
    assertThat(run.code()).as(run.said()).isZero();
    String id = run.line().path("runId").asText();
    try (TestingProcess process = start("undo", id, "--execute", "--set", "ledger.lease=1 s")) {
      awaitBatches(process, "r.undoes IS NOT NULL");
      process.kill();
    }
    Stopping stopping = Stopping.byHand();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream printed = new PrintStream(out, true);
    while (database.count("SELECT count(*) FROM backfill.lease WHERE until > clock_timestamp()")
        > 0) {
      Thread.sleep(100);
    }
    CompletableFuture<Integer> stopped =
        CompletableFuture.supplyAsync(
            () ->
                CommandLineJob.run(
                    stopping, database.environment(), printed, printed, "undo", id, "--execute"));
    while (!hasBatches(
        "r.undoes IS NOT NULL AND r.status = 'running' AND r.started_at > (SELECT min(started_at) FROM backfill.run WHERE undoes IS NOT NULL)")) {
      assertThat(stopped.isDone()).as(out.toString()).isFalse();
      Thread.sleep(20);
    }
    try (TestingLog log = new TestingLog(Level.INFO)) {
      stopping.ask(new Stopping.Reason("a test", ExitCode.STOPPED));
      assertThat(stopped.get(1, TimeUnit.MINUTES)).as(out.toString()).isEqualTo(143);
      assertThat(log.lines().stream().map(TestingLog.Line::text))
          .contains(
              "write stopped by a test: each batch before it is written, whole",
              "to go on, run the same command again: backfill undo " + id + " --execute");
    }
    assertThat(database.rows(ROWS).size()).isBetween(before.size() + 1, 1999);

    TestingRun last = undo(id);

    assertThat(last.code()).as(last.said()).isZero();
    assertThat(database.rows(ROWS)).isEqualTo(before);
    List<Object> sums =
        new ArrayList<>(
            database
                .rows(
                    "SELECT sum(changed) FROM backfill.batch b JOIN backfill.run r USING (run_id) WHERE r.undoes IS NOT NULL")
                .get(0));
    assertThat(sums).hasToString("[" + (2000 - before.size()) + "]");
  }
}
