package backfill.postgres.server;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.RunTest;
import backfill.testing.TestingLog;
import backfill.testing.TestingReplica;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.logging.log4j.Level;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** A replica to read from that is behind its primary: never is what it lacks taken for done. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ReplicaReplayTest {
  private static final String LEFT_OUT =
      "SELECT count(*) FROM grants g LEFT JOIN seen s USING (object_id, user_id) WHERE s.user_id IS NULL";
  private static final String[] SHORT = {"--set", "read.wait-for=600 ms"};

  @TempDir private static Path directory;
  private static TestingReplica there;
  private static String plan;
  private static String chained;

  @BeforeAll
  static void start() throws Exception {
    there = TestingReplica.start();
    String step =
        """
        { name = %s, kind = pairs, direct = [{ from = %s, object = object_id, user = user_id }]
          into = { table = %s, object = object_id, user = user_id } }
        """;
    String first = step.formatted("first", "grants", "seen");
    plan = plan("one", "sources.grants = grants\nsteps = [" + first + "]");
    chained =
        plan(
            "chained",
            "sources { grants = grants, seen = seen }\nsteps = ["
                + first
                + step.formatted("second", "seen", "copied")
                + "]");
    there.execute(
        "CREATE TABLE grants (object_id int, user_id int)",
        "CREATE TABLE seen (object_id int, user_id int, PRIMARY KEY (object_id, user_id))",
        "CREATE TABLE copied (object_id int, user_id int, PRIMARY KEY (object_id, user_id))");
  }

  @BeforeEach
  void fill() throws Exception {
    there.execute(
        "TRUNCATE grants, seen, copied",
        "INSERT INTO grants SELECT o, u FROM generate_series(1, 20) o, generate_series(1, 10) u");
    there.awaitReplayed();
  }

  @AfterAll
  static void stop() throws IOException {
    there.close();
  }

  private static String plan(String name, String text) throws IOException {
    Path file = directory.resolve(name + ".conf");
    Files.writeString(file, "name = " + name + "\n" + text);
    return file.toString();
  }

  private static TestingRun run(String command, String plan, String... options) {
    List<String> words = new ArrayList<>(List.of(command, plan));
    words.addAll(List.of(options));
    return TestingRun.of(there.environment(), words.toArray(String[]::new));
  }

  private static List<String> servers(JsonNode report) {
    List<String> servers = new ArrayList<>();
    for (JsonNode snapshot : report.path("databases").path("main").path("snapshots")) {
      servers.add(snapshot.path("server").asText());
    }
    return servers;
  }

  @Test
  @Order(1)
  void pausedReplicaIsRefusedByEveryCommandThatReads() throws Exception {
    assertThat(run("run", plan).code()).isZero();
    there.pause(true);
    try {
      there.execute("DELETE FROM seen WHERE object_id % 5 = 0");
      for (String command : List.of("plan", "run", "verify")) {
        TestingRun refused = run(command, plan, SHORT);

        assertThat(refused.code()).as(command + " " + refused.said()).isEqualTo(4);
        JsonNode error = refused.report().path("error");
        assertThat(error.path("message").asText())
            .matches(
                "\\Q%s has not replayed what %s had when it was asked, within 600 ms (read.wait-for): it is at \\E"
                        .formatted(there.replicaAddress(), there.primaryAddress())
                    + "[0-9A-F]+/[0-9A-F]+ of [0-9A-F]+/[0-9A-F]+, [0-9,]+ bytes behind,"
                    + " and what it replayed last was committed [0-9,]+ s ago; its replay is paused[.]"
                    + " What is read there would be of some time before; SELECT pg_wal_replay_resume[(][)]"
                    + " there lets it go on; or leave BACKFILL_READ_URL unset");
        assertThat(error.path("retryable").asBoolean()).isFalse();
        assertThat(refused.said()).contains("Nothing was written.");
      }
      assertThat(there.count("SELECT count(*) FROM seen")).isEqualTo(160);

      TestingRun check = run("check", plan);
      assertThat(check.code()).as(check.said()).isZero();
      assertThat(check.said())
          .contains(
              "a run waits for 60 s (read.wait-for) until it has replayed what "
                  + there.primaryAddress()
                  + " has: it is at ");
    } finally {
      there.pause(false);
    }
    assertThat(run("verify", plan).line().path("missing").asLong()).isEqualTo(40);
  }

  /** The writers, and not the reading, keep to what a replica can follow. */
  @Test
  @Order(2)
  void replicaThatFallsBehindPausesTheWritersUntilItHasReplayed() throws Exception {
    there.execute(
        "CREATE TABLE marks AS SELECT n AS id, false AS done FROM generate_series(1, 2000) n",
        "ALTER TABLE marks ADD PRIMARY KEY (id)");
    String throttled =
        plan(
            "throttled",
            """
            steps = [{ name = mark, kind = batches, table = marks, where = "NOT done", set = { done = "true" } }]
            throttle.replica-lag-bytes = 64 KiB
            """);
    there.pause(true);
    CompletableFuture<TestingRun> begun;
    try {
      there.execute(
          "INSERT INTO seen SELECT o, u FROM generate_series(1, 500) o, generate_series(1, 10) u");
      there.await(
          "the primary knows how far the replica is behind",
          "SELECT count(*) FROM pg_stat_replication WHERE pg_current_wal_lsn() - replay_lsn > 65536");
      begun = CompletableFuture.supplyAsync(() -> TestingRun.here(there.environment(), throttled));
      there.await("the run has a ledger", "SELECT count(to_regclass('backfill.run'))");
      there.await(
          "the run is paused",
          "SELECT count(*) FROM backfill.run WHERE status = 'running' AND pace ->> 'by' LIKE 'replica-lag-bytes %'");
      assertThat(there.count("SELECT count(*) FROM marks WHERE done")).isZero();
    } finally {
      there.pause(false);
    }

    TestingRun run = begun.get(1, TimeUnit.MINUTES);

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(there.count("SELECT count(*) FROM marks WHERE done")).isEqualTo(2000);
    assertThat(run.report().path("pace").path("pauses").path(0).path("reason").asText())
        .isEqualTo("replica-lag-bytes");
    // Preflight may have looked before the server knew how far its replica is.
    assertThat(run.warnings()).allMatch(warning -> warning.contains("replica-lag-bytes"));
  }

  @Test
  @Order(2)
  void replicaThatCatchesUpInTimeIsWaitedForAndSaidSo() throws Exception {
    there.pause(true);
    there.execute("INSERT INTO grants VALUES (99, 1)");
    String waits = "waits for " + there.replicaAddress() + " to replay what ";
    try (TestingLog log = new TestingLog(Level.INFO)) {
      CompletableFuture<TestingRun> running =
          TestingRun.begin(there.environment(), plan, "--set", "progress-every=50 ms");
      while (log.texts().stream().noneMatch(line -> line.contains(waits)) && !running.isDone()) {
        Thread.sleep(20);
      }
      there.pause(false);

      TestingRun run = running.get(2, TimeUnit.MINUTES);

      assertThat(run.code()).as(run.toString()).isZero();
      assertThat(log.texts())
          .anyMatch(line -> line.contains(waits) && line.contains(" bytes behind"));
      assertThat(servers(run.report()))
          .as("sources of the replica, and to verify the target of the primary")
          .containsExactly(there.replicaAddress(), there.replicaAddress(), there.primaryAddress());
    } finally {
      there.pause(false);
    }
    assertThat(there.count(LEFT_OUT)).isZero();
  }

  @Test
  @Order(3)
  void replicaThatStopsBehindOurLastCommitIsNoProof() throws Exception {
    try (Connection holder = there.primary();
        Statement statement = holder.createStatement()) {
      holder.setAutoCommit(false);
      statement.execute("LOCK TABLE seen IN SHARE MODE");
      CompletableFuture<TestingRun> running =
          CompletableFuture.supplyAsync(
              () -> run("run", plan, "--set", "lock-timeout=60 s", "--set", "read.wait-for=1 s"));
      there.await(
          "the run waits to write",
          "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'backfill one%'"
              + " AND cardinality(pg_blocking_pids(pid)) > 0");
      there.pause(true);
      holder.commit();

      TestingRun run = running.get(2, TimeUnit.MINUTES);

      assertThat(run.code()).as(run.said()).isEqualTo(4);
      assertThat(run.report().path("error").path("stage").asText()).isEqualTo("verify");
      assertThat(run.said())
          .contains("What the steps wrote is written, and not all of it is verified");
      assertThat(there.count(LEFT_OUT)).isZero();
    } finally {
      there.pause(false);
    }
  }

  /** The second step reads from the replica what the first one wrote just before. */
  @Test
  @Order(4)
  void stepsSeeWhatEarlierOnesWroteHoweverLateTheReplicaIs() throws Exception {
    there.onReplica(
        "ALTER SYSTEM SET recovery_min_apply_delay = '400ms'", "SELECT pg_reload_conf()");
    try {
      there.execute("INSERT INTO grants VALUES (99, 1)");

      TestingRun run = run("run", chained);

      assertThat(run.code()).as(run.said()).isZero();
      assertThat(there.count("SELECT count(*) FROM copied")).isEqualTo(201);
      assertThat(run.counts("second", "missing", "addedMeanwhile"))
          .isEqualTo(RunTest.numbers(0, 0));

      there.execute("DELETE FROM copied WHERE object_id = 99");
      assertThat(run("verify", chained).line().path("missing").asLong()).isEqualTo(1);
    } finally {
      there.onReplica("ALTER SYSTEM RESET recovery_min_apply_delay", "SELECT pg_reload_conf()");
    }
  }

  /** What only reads needs no primary. */
  @Test
  @Order(5)
  void planAndVerifyWorkWhereOnlyTheReplicaIsKnown() throws Exception {
    TestingRun plan = TestingRun.of(there.onlyReplica(), "plan", ReplicaReplayTest.plan);
    assertThat(plan.code()).as(plan.said()).isZero();
    assertThat(plan.line().path("toInsert").asLong()).as(plan.said()).isEqualTo(200);
    assertThat(plan.report().path("warnings").toString())
        .contains(
            "is a standby: what its primary has and it has not received yet is not seen",
            "a run would need besides: "
                + there.replicaAddress()
                + ": is a standby, and only a primary can be written to");
    TestingRun verify = TestingRun.of(there.onlyReplica(), "verify", ReplicaReplayTest.plan);
    assertThat(verify.code()).as(verify.said()).isEqualTo(7);
    there.pause(true);
    try {
      there.execute("INSERT INTO grants VALUES (99, 1)");
      there.awaitReceived();
      TestingRun refused =
          TestingRun.of(
              there.onlyReplica(), "plan", ReplicaReplayTest.plan, "--set", "read.wait-for=300 ms");
      assertThat(refused.code()).as(refused.said()).isEqualTo(4);
      assertThat(refused.said()).contains("its replay is paused");
    } finally {
      there.pause(false);
    }
  }

  @Test
  @Order(6)
  void serverThatWasPromotedIsNoReplicaAnyMore() throws Exception {
    there.onReplica("SELECT pg_promote()");

    TestingRun refused = run("run", plan);

    assertThat(refused.code()).as(refused.said()).isEqualTo(3);
    assertThat(refused.report().path("error").path("message").asText())
        .isEqualTo(
            "%s: is no replica of %s any more: it takes writes of its own, as one that was promoted does; set"
                    .formatted(there.replicaAddress(), there.primaryAddress())
                + " BACKFILL_READ_URL to a replica, or leave it unset");
  }
}
