package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A snapshot is held for {@code read.snapshot-max-age} and no longer, whatever its readers do. */
class SnapshotAgeTest {
  @TempDir Path directory;
  private TestingDatabase database;
  private Path plan;

  @BeforeEach
  void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE hanging (since int)",
        """
        CREATE FUNCTION hangs() RETURNS boolean STABLE LANGUAGE plpgsql AS
        $$ BEGIN IF EXISTS (SELECT FROM hanging) THEN PERFORM pg_sleep(60); END IF; RETURN true; END $$""",
        "CREATE TABLE grants (project int, person int)",
        "INSERT INTO grants VALUES (1, 1)",
        "CREATE TABLE sees (project int, person int, PRIMARY KEY (project, person))");
    plan = directory.resolve("plan.conf");
    Files.writeString(
        plan,
        """
        name = aging
        sources.grants { table = grants, where = "hangs()" }
        steps = [{ name = pairs, kind = pairs, direct = [{ from = grants, object = project, user = person }]
                   into = { table = sees, object = project, user = person } }]
        """);
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  @Test
  void readersThatHangAreEndedWithIt() throws Exception {
    database.execute("INSERT INTO hanging VALUES (1)");

    TestingRun run = run("run");

    assertEnded(run);
    assertThat(run.said())
        .contains("The step wrote nothing.")
        .containsPattern("read: snapshot [-0-9A-F]+ was held for [1-9][.]\\d s");
    assertThat(database.count("SELECT count(*) FROM sees")).isZero();
  }

  @Test
  void thatOfVerifyToo() throws Exception {
    TestingRun done = TestingRun.of(database.environment(), "run", plan);
    assertThat(done.code()).as(done.said()).isZero();
    database.execute("INSERT INTO hanging VALUES (1)");

    assertEnded(run("verify"));
  }

  private TestingRun run(String command) {
    return TestingRun.of(
        database.environment(), command, plan, "--set", "read.snapshot-max-age=1 s");
  }

  private void assertEnded(TestingRun run) throws SQLException {
    assertThat(run.code()).as(run.said()).isEqualTo(4);
    assertThat(run.message())
        .matches(
            "snapshot [-0-9A-F]+ was not read within 1 second [(]read.snapshot-max-age[)], and as long as one is held"
                + " vacuum removes no row that was deleted since. Read faster, by more read.readers [(]4[)] or from a"
                + " replica [(]BACKFILL_READ_URL[)]; read less in one snapshot, by a narrower where of the sources or"
                + " fewer steps [(]--only[)]; or allow more, as by --set read.snapshot-max-age=2h");
    assertThat(run.report().path("error").path("sqlState").isNull()).isTrue();
    assertThat(run.report().path("error").path("retryable").asBoolean()).isFalse();
    JsonNode snapshots = run.report().path("databases").path("main").path("snapshots");
    assertThat(snapshots.get(snapshots.size() - 1).path("heldMs").asLong())
        .isBetween(1000L, 30_000L);
    assertThat(
            database.count(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    + " AND application_name LIKE 'backfill %' AND (backend_xmin IS NOT NULL OR query LIKE '%hangs%')"))
        .isZero();
  }
}
