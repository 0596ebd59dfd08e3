package backfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingPoolingProxy;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import backfill.testing.TestingSpark;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A role, a database and a URL whose limits are far shorter than any statement of ours cut no
 * command short: not one connection lives by them.
 */
class HostileTimeoutsTest {
  private static final String PLAN =
      """
      name = hurried
      allow-delete = true
      undo = on
      limits.surplus-percent = none
      only-if = "pg_sleep(0.01) IS NOT NULL"
      sources {
        grants = { table = grants, where = "pg_sleep(0.002) IS NOT NULL" }
        people = { table = people, where = "pg_sleep(0.002) IS NOT NULL" }
        levels = { table = levels, keyed-by { id = [people.level] } }
      }
      steps = [
        { name = pairs, kind = pairs, direct = [{ from = grants, object = project, user = person }]
          into = { table = sees, object = project, user = person } }
        { name = seats, kind = rows, mode = upsert, surplus = delete
          query = "SELECT p.id, l.rank FROM people p JOIN levels l ON l.id = p.level"
          into = { table = seats, key = [id] } }
        { name = marks, kind = batches, table = people, where = "NOT marked AND pg_sleep(0.002) IS NOT NULL"
          set = { marked = "true" } }
        { name = gone, kind = batches, table = levels, where = "id = 9", delete = true }
        { name = made, kind = ddl, creates = made, statement = "CREATE TABLE made AS SELECT pg_sleep(0.01)::text AS slept" }
        { name = full, kind = ddl, not-null = [people.level] }
      """;

  private static final String INDEX =
      """
        { name = index, kind = ddl, creates = by_level
          statement = "CREATE INDEX CONCURRENTLY by_level ON people (level)" }
      """;

  @TempDir Path directory;
  private TestingDatabase database;
  private final String role = "hurried_" + UUID.randomUUID().toString().replace("-", "");
  private Path plan;

  @BeforeEach
  void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE ROLE " + role + " LOGIN SUPERUSER PASSWORD 'hurried'",
        "CREATE TABLE grants (project int, person int)",
        "INSERT INTO grants VALUES (1, 1), (2, 2)",
        "CREATE TABLE sees (project int, person int, PRIMARY KEY (project, person))",
        "CREATE TABLE people (id int PRIMARY KEY, level int, marked boolean NOT NULL DEFAULT false)",
        "INSERT INTO people VALUES (1, 7), (2, 8)",
        "CREATE TABLE levels (id int PRIMARY KEY, rank int)",
        "INSERT INTO levels VALUES (7, 70), (8, 80), (9, 90)",
        "CREATE TABLE seats (id int PRIMARY KEY, rank int)",
        "INSERT INTO seats VALUES (1, 0), (3, 0)");
    plan = directory.resolve("plan.conf");
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
    try (TestingDatabase another = TestingPostgres.shared().createDatabase()) {
      another.execute("DROP ROLE " + role);
    }
  }

  private List<String> limits() throws SQLException {
    List<String> names =
        new ArrayList<>(
            List.of(
                "statement_timeout",
                "lock_timeout",
                "idle_in_transaction_session_timeout",
                "idle_session_timeout"));
    if (database.count("SELECT current_setting('server_version_num')::int") >= 170000) {
      names.add("transaction_timeout");
    }
    return names;
  }

  private void hurry(String what, String shorter, List<String> limits) throws SQLException {
    for (String limit : limits) {
      database.execute("ALTER " + what + " SET " + limit + " = '" + shorter + "'");
    }
    database.execute(
        "ALTER " + what + " SET default_transaction_isolation = 'serializable'",
        "ALTER " + what + " SET default_transaction_deferrable = on");
  }

  private Map<String, String> environment(String url) {
    Map<String, String> environment = new HashMap<>(database.environment());
    environment.put("BACKFILL_URL", url);
    environment.put("BACKFILL_USER", role);
    environment.put("BACKFILL_PASSWORD", "hurried");
    return environment;
  }

  @Test
  void ofARoleInADatabaseAndOfTheUrl() throws Exception {
    hurry("ROLE " + role + " IN DATABASE " + database.name(), "1ms", limits());
    Map<String, String> environment = environment(database.url());
    environment.computeIfPresent(
        "BACKFILL_URL",
        (key, url) -> url + "?options=-c%20statement_timeout=1%20-c%20idle_session_timeout=1");

    everyCommandCompletes(environment, PLAN + INDEX + "]");

    sink(environment);
    assertThat(database.count("SELECT count(*) FROM sees")).isEqualTo(1);
  }

  @Test
  void behindAPooler() throws Exception {
    List<String> limits = limits();
    // This one ends the pooler's sessions while they rest; and a transaction is not begun in 1 ms.
    limits.remove("idle_session_timeout");
    hurry("DATABASE " + database.name(), "50ms", limits);
    try (TestingPoolingProxy pooler = new TestingPoolingProxy(database.url(), 8)) {
      Map<String, String> environment = environment(pooler.url(database.url()));
      Files.writeString(plan, PLAN + "]");
      runsAndIsUndone(environment);
      done(TestingRun.of(environment, "plan", plan, "--diff", directory + "/diff.jsonl"));
      sink(environment);
      done(TestingRun.of(environment, "status", "--prune", "90d"));
      assertThat(TestingRun.of(environment, "pause", plan).code()).isEqualTo(3);
      assertThat(TestingRun.of(environment, "undo", "0123456789").code()).isEqualTo(3);
      assertThat(pooler.leftInTransaction()).isZero();
      assertThat(pooler.begunWithinLimits()).isEmpty();
    }
  }

  private void everyCommandCompletes(Map<String, String> environment, String text)
      throws Exception {
    Files.writeString(plan, text);
    done(TestingRun.of(environment, "check", plan, "--sql"));
    Path before = directory.resolve("before.jsonl");
    done(TestingRun.of(environment, "plan", plan, "--diff", before.toString()));
    Path written = directory.resolve("written.jsonl");
    runsAndIsUndone(environment, "--diff", written.toString());
    TestingRun diff = TestingRun.bare(environment, "diff", before.toString(), written.toString());
    assertThat(diff.line().path("comparison").path("inBoth").asInt()).as(diff.said()).isPositive();
  }

  private void runsAndIsUndone(Map<String, String> environment, String... options)
      throws Exception {
    TestingRun run = TestingRun.of(environment, "run", plan, options);
    done(run);
    assertThat(database.rows("SELECT * FROM seats ORDER BY 1"))
        .containsExactly(List.of(1, 70), List.of(2, 80));
    assertThat(database.count("SELECT count(*) FROM people WHERE marked")).isEqualTo(2);
    done(TestingRun.of(environment, "verify", plan));
    done(TestingRun.of(environment, "explain", plan, "--object", "1", "--user", "1"));
    done(TestingRun.of(environment, "status", plan));
    TestingRun undo = TestingRun.of(environment, "undo", run.runId(), "--execute");
    assertThat(undo.code()).as(undo.said()).isEqualTo(8);
    assertThat(database.count("SELECT count(*) FROM sees")).isZero();
    assertThat(database.rows("SELECT * FROM seats ORDER BY 1"))
        .containsExactly(List.of(1, 0), List.of(3, 0));
  }

  private static void done(TestingRun run) {
    assertThat(run.code()).as(run.said()).isZero();
  }

  private void sink(Map<String, String> environment) {
    TestingSpark.session()
        .sql("SELECT 7 AS project, 7 AS person")
        .write()
        .format("backfill")
        .option("url", environment.get("BACKFILL_URL"))
        .option("user", role)
        .option("password", "hurried")
        .option("dbtable", "sees")
        .save();
  }

  @Test
  void whatMayOnlyReadIsNotWritten() throws Exception {
    Files.writeString(plan, PLAN + "]");
    Map<String, String> environment = environment(database.url());
    TestingRun run = TestingRun.of(environment, "run", plan);
    done(run);
    database.execute("ALTER ROLE " + role + " SET default_transaction_read_only = on");

    done(TestingRun.of(environment, "plan", plan));
    done(TestingRun.of(environment, "verify", plan));
    done(TestingRun.of(environment, "explain", plan, "--object", "1", "--user", "1"));
    done(TestingRun.of(environment, "status", plan));
    TestingRun undo = TestingRun.of(environment, "undo", run.runId());
    assertThat(undo.code()).as(undo.said()).isZero();
    for (TestingRun writes :
        List.of(
            TestingRun.of(environment, "run", plan),
            TestingRun.of(environment, "undo", run.runId(), "--execute"))) {
      assertThat(writes.code()).as(writes.said()).isEqualTo(3);
      assertThat(writes.message())
          .contains("begins transactions as READ ONLY (default_transaction_read_only is on)");
    }
    assertThatThrownBy(() -> sink(environment))
        .hasStackTraceContaining(
            "begins transactions as READ ONLY (default_transaction_read_only is on)");
  }
}
