package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingCookbook;
import backfill.testing.TestingReplica;
import backfill.testing.TestingRun;
import backfill.testing.TestingSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A replica that goes on replaying while it is read, without {@code hot_standby_feedback}: it takes
 * away what a snapshot still needs, and the run says so; the next one is as plain SQL has it.
 */
class ReplicaConflictTest {
  private static final int GATE = 1605;
  private static final String LEFT_OUT =
      "SELECT count(*) FROM grants g FULL JOIN seen s USING (object_id, user_id)"
          + " WHERE s.user_id IS NULL OR g.user_id IS NULL";
  private static final String CURE =
      " is a standby, and ended what was read there to go on replaying (%s: %s due to conflict with recovery";

  @TempDir private static Path directory;
  private static TestingReplica there;
  private static Path plan;

  @BeforeAll
  static void start() throws Exception {
    there = TestingReplica.start();
    there.onReplica(
        "ALTER SYSTEM SET max_standby_streaming_delay = 0",
        "ALTER SYSTEM SET hot_standby_feedback = off",
        "SELECT pg_reload_conf()");
    there.execute(
        "CREATE TABLE grants (object_id int, user_id int)",
        "CREATE TABLE more (object_id int, user_id int)",
        "CREATE TABLE seen (object_id int, user_id int, PRIMARY KEY (object_id, user_id))",
        "INSERT INTO grants SELECT o, u FROM generate_series(1, 20) o, generate_series(1, 10) u",
        """
        CREATE FUNCTION passes_gate() RETURNS boolean LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock_shared(%d); RETURN true; END $$"""
            .formatted(GATE));
    plan = directory.resolve("replayed.conf");
    Files.writeString(
        plan,
        """
        name = replayed
        sources { grants = { table = grants, where = "passes_gate()" }, more = more }
        steps = [{ name = people, kind = pairs, surplus = delete
          direct = [{ from = grants, object = object_id, user = user_id },
                    { from = more, object = object_id, user = user_id }]
          into = { table = seen, object = object_id, user = user_id } }]
        allow-delete = true
        limits.surplus-percent = 100
        """);
  }

  @AfterAll
  static void stop() throws IOException {
    there.close();
  }

  private static TestingRun run() {
    return TestingRun.of(there.environment(), "run", plan, "--set", "read.readers=1");
  }

  /** Begins a run, and waits until it reads and cannot go on. */
  private static CompletableFuture<TestingRun> held() throws Exception {
    CompletableFuture<TestingRun> running = CompletableFuture.supplyAsync(ReplicaConflictTest::run);
    there.awaitOnReplica(
        "the run reads", "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'");
    return running;
  }

  private static void endsAsAConflict(TestingRun run, String severity, String what) {
    assertThat(run.code()).as(run.said()).isEqualTo(4);
    assertThat(run.message())
        .startsWith(there.replicaAddress() + CURE.formatted(severity, what))
        .endsWith(
            "). Set hot_standby_feedback = on there, or a max_standby_streaming_delay that is longer than a read"
                + " takes; or read less at a time, by --only");
    assertThat(run.report().path("error").path("sqlState").asText()).isEqualTo("40001");
    assertThat(run.report().path("error").path("stage").asText()).isEqualTo("read");
    assertThat(run.report().path("error").path("retryable").asBoolean()).isTrue();
    assertThat(run.said())
        .contains("The step wrote nothing; run the same command again.")
        .doesNotContain("\tat ");
  }

  private static void aRerunWorks() throws Exception {
    TestingRun rerun = run();

    assertThat(rerun.code()).as(rerun.said()).isZero();
    assertThat(there.count(LEFT_OUT)).isZero();
  }

  @Test
  void rowsThatTheSnapshotNeedsAreVacuumedAway() throws Exception {
    try (Connection gate = there.replica();
        Statement statement = gate.createStatement()) {
      statement.execute("SELECT pg_advisory_lock(" + GATE + ")");
      CompletableFuture<TestingRun> running = held();
      there.execute("DELETE FROM grants WHERE object_id % 4 = 0", "VACUUM grants");

      endsAsAConflict(running.get(2, TimeUnit.MINUTES), "ERROR", "canceling statement");
    }
    aRerunWorks();
  }

  /**
   * It holds the tables that are still to be read; who reads another one meanwhile is left alone.
   */
  @Test
  void theSessionThatHoldsTheSnapshotIsEnded() throws Exception {
    try (Connection gate = there.replica();
        Statement statement = gate.createStatement()) {
      statement.execute("SELECT pg_advisory_lock(" + GATE + ")");
      CompletableFuture<TestingRun> running = held();
      there.execute("ALTER TABLE more ADD COLUMN note text", "ALTER TABLE more DROP COLUMN note");
      there.awaitOnReplica(
          "the exporter is ended",
          "SELECT confl_lock FROM pg_stat_database_conflicts WHERE datname = 'postgres'");
      statement.execute("SELECT pg_advisory_unlock(" + GATE + ")");

      endsAsAConflict(running.get(2, TimeUnit.MINUTES), "FATAL", "terminating connection");
    }
    aRerunWorks();
  }

  /** Of the cookbook. */
  @Test
  void recipeReadsFromTheReplicaWhatThePrimaryHad() throws Exception {
    Path recipe = directory.resolve("recipe.conf");
    Files.writeString(recipe, TestingCookbook.plans().get(CookbookTest.REPLICA));
    there.execute(
        "CREATE TABLE project_grants AS SELECT i % 5 AS project_id, i AS team_id FROM generate_series(1, 20) i",
        "CREATE TABLE team_members AS SELECT i % 30 AS team_id, i AS user_id FROM generate_series(1, 90) i",
        "CREATE TABLE project_users (project_id int, user_id int, PRIMARY KEY (project_id, user_id))");

    TestingRun run = TestingRun.of(there.environment(), "run", recipe);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.report().path("databases").path("main").path("readFrom").asText())
        .isEqualTo(there.replicaAddress());
    assertThat(run.inserted())
        .isEqualTo(
            there.count(
                "SELECT count(DISTINCT (project_id, user_id)) FROM project_grants JOIN team_members USING (team_id)"))
        .isEqualTo(there.count("SELECT count(*) FROM project_users"));
  }

  @Test
  void connectorReadsFromAReplica() throws Exception {
    there.execute("CREATE TABLE sent (id int)", "INSERT INTO sent SELECT generate_series(1, 500)");
    there.awaitReplayed();

    assertThat(
            TestingSpark.session()
                .read()
                .format("backfill")
                .option("url", "jdbc:postgresql://" + there.replicaAddress())
                .option("user", "postgres")
                .option("dbtable", "sent")
                .load()
                .where("id > 100")
                .count())
        .isEqualTo(400);
  }
}
