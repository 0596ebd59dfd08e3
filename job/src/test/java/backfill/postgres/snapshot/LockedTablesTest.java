package backfill.postgres.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever preflight looks at, it waits there as long as {@code lock-timeout}, and says for whom.
 */
class LockedTablesTest {
  private static final String PLAN =
      """
      name = locked, only-if = "EXISTS (SELECT FROM asked)", allow-delete = true
      sources { grants = grant_rows, teams { table = team, where = "id > (SELECT min(a) - 1 FROM conditioned)" } }
      steps = [
        { name = pairs, kind = pairs, direct = [{ from = grants, object = o, user = u }]
          into = { table = visible, object = o, user = u }, owns = "by_job" }
        { name = rows, kind = rows, mode = upsert, query = "SELECT id, name FROM teams"
          into = { table = copied, key = [id] } }
        { name = purge, kind = batches, table = old, where = "a > (SELECT max(a) FROM inner_table)", delete = true }
        { name = column, kind = ddl, creates = changed.b, statement = "ALTER TABLE changed ADD COLUMN b int" }
      ]
      """;

  private static final Duration RETRIES = Duration.ofMinutes(2);

  /** A check that tried again would take as long as {@link #RETRIES}. */
  private static final Duration LESS_THAN_RETRIES = Duration.ofMinutes(1);

  @TempDir Path directory;
  private TestingDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        """
        CREATE TABLE asked (a int); INSERT INTO asked VALUES (1);
        CREATE TABLE conditioned (a int);
        CREATE TABLE grant_rows (o int, u int);
        CREATE TABLE team (id int PRIMARY KEY, name text);
        CREATE TABLE parent (o int PRIMARY KEY);
        CREATE TABLE visible (o int REFERENCES parent, u int, by_job bool DEFAULT true, PRIMARY KEY (o, u));
        CREATE TABLE copied (id serial PRIMARY KEY, name text) PARTITION BY RANGE (id);
        CREATE TABLE copied_1 PARTITION OF copied DEFAULT;
        CREATE TABLE old (a int PRIMARY KEY);
        CREATE TABLE child (a int REFERENCES old ON DELETE CASCADE);
        CREATE TABLE inner_table (a int);
        CREATE TABLE changed (a int)""");
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private TestingRun check() throws IOException {
    Path plan = Files.writeString(directory.resolve("locked.conf"), PLAN);
    String[] words = {
      "check",
      plan.toString(),
      "--sql",
      "--set",
      "lock-timeout=200 ms",
      "--set",
      "write.retry-for=" + RETRIES.toSeconds() + " s"
    };
    return TestingRun.of(database.environment(), words);
  }

  @Test
  void eachIsGivenUpAfterLockTimeoutWithTheSessionThatHoldsIt() throws Exception {
    assertThat(check().code()).as(check().said()).isZero();
    try (Connection holder = database.connection()) {
      holder.setAutoCommit(false);
      for (String table :
          List.of(
              "asked",
              "conditioned",
              "grant_rows",
              "team",
              "parent",
              "visible",
              "copied",
              "copied_1",
              "old",
              "child",
              "inner_table",
              "changed")) {
        holder.createStatement().execute("LOCK TABLE " + table + " IN ACCESS EXCLUSIVE MODE");
        long began = System.nanoTime();

        TestingRun run = check();

        assertThat(Duration.ofNanos(System.nanoTime() - began))
            .as(table)
            .isLessThan(LESS_THAN_RETRIES);
        assertThat(run.code()).as(table + run.said()).isEqualTo(3);
        assertThat(run.said())
            .as(table)
            .containsPattern(
                "no lock was had within 200 ms .lock-timeout.: pid \\d+ .[^)]+. holds ACCESS EXCLUSIVE on ")
            .contains("then run the same command again");
        assertThat(run.line().path("retryable").asBoolean()).as(table).isTrue();
        holder.rollback();
      }
    }
  }
}
