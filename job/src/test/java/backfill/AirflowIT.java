package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingAirflow;
import backfill.testing.TestingGrants;
import backfill.testing.TestingProcess;
import backfill.testing.TestingScheduledGrants;
import com.fasterxml.jackson.databind.JsonNode;
import java.sql.Connection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The DAG of {@code conf/airflow} in a real Airflow, which submits the packaged job. */
class AirflowIT {
  private static final int PAIRS = 4000;
  private static final int SOME = 400;

  private static TestingAirflow airflow;
  private TestingScheduledGrants there;
  private String run;

  @BeforeAll
  static void start() throws Exception {
    airflow = TestingAirflow.start();
  }

  @AfterAll
  static void stop() throws Exception {
    if (airflow != null) {
      airflow.close();
    }
  }

  /** A run that a failed test left would keep the next one in the queue. */
  @AfterEach
  void end() throws Exception {
    if (run != null && !ended()) {
      airflow.api.giveUp(run);
    }
    there.close();
  }

  @Test
  void approvedRunIsCountedWhileASecondOneQueues() throws Exception {
    begin("approved", there("approved").connection());
    airflow.await("an answer is wanted", () -> airflow.scheduled(run, "approval"));
    assertThat(airflow.api.question(run).path("body").asText())
        .contains("\n| 4000 | 0 | – | 4000 | – | – | – | 0 |");
    assertThat(there.grants.rows()).isZero();

    airflow.api.trigger(
        "second", Map.of("plan", "no-such-plan", "connections", Map.of("BACKFILL", there.role)));
    try (Connection other = holdingTheTable()) {
      airflow.api.answer(run, "Approve");
      airflow.await(
          "the job waits for the table",
          () -> there.grants.holds("count(*) > 0" + TestingGrants.BLOCKED));
      assertThat(airflow.api.state("second")).isEqualTo("queued");
      assertPasswordIsInTheEnvironmentAlone();
      other.rollback();
    }
    awaitEnd("success");

    assertThat(airflow.api.returned(run, "check").path("status").asText()).isEqualTo("dry-run");
    assertThat(airflow.api.returned(run, "plan").path("toInsert").asLong()).isEqualTo(PAIRS);
    JsonNode line = airflow.api.returned(run, "run");
    assertThat(line.path("inserted").asLong()).isEqualTo(PAIRS).isEqualTo(there.grants.rows());
    assertThat(airflow.api.returned(run, "verify").path("missing").asLong(-1)).isZero();
    assertThat(
            there.grants.database.rows(
                "SELECT labels ->> 'label', approval ->> 'by', labels ->> 'airflow' FROM backfill.run WHERE run_id = '"
                    + line.path("runId").asText()
                    + "'"))
        .isEqualTo(List.of(List.of("approved", "Anonymous", "backfill/approved/run/1")));
    assertPasswordIsInNoFile();

    run = "second";
    awaitEnd("failed");
    assertAttempts("check", "failed", 1);
    assertThat(airflow.api.returned(run, "check").path("exitCode").asInt()).isEqualTo(2);
    assertThat(airflow.api.log(run, "check", 1))
        .contains("ended with exit code 2: needs somebody to look first");
  }

  @Test
  void runThatIsHeldOrKilledIsTriedAgainUntilItIsDone() throws Exception {
    there("killed").grants.beforeEachBatch("PERFORM pg_sleep(1);");
    try (Connection other = holdingTheTable();
        TestingProcess somebody = heldBySomebodyElse()) {
      begin("killed", there.connection(), "approval", false, "set", List.of("ledger.lease=2 s"));
      awaitAttempt("run", 1, "ended with exit code 75: may succeed later");
      somebody.signal("TERM");
      assertThat(somebody.end().code()).isEqualTo(143);
      other.rollback();
    }

    awaitMoreRows();
    ProcessHandle first = airflow.job();
    first.destroyForcibly();
    awaitEndOf(first);

    awaitMoreRows();
    ProcessHandle second = airflow.job();
    second.parent().orElseThrow().destroyForcibly();
    awaitEndOf(second);

    awaitMoreRows();
    airflow.api.markFailed(run, "run");
    awaitNoSession();
    awaitEnd("failed");

    there.grants.beforeEachBatch("");
    airflow.api.clear(run, "run");
    airflow.await("it runs again", () -> !ended());
    awaitEnd("success");

    assertThat(there.grants.database.rows("SELECT status, count(*) FROM backfill.run GROUP BY 1"))
        .as("stopped: somebody's, that whose task was killed, and that whose task was ended")
        .contains(List.of("stopped", 3L), List.of("succeeded", 1L));
    assertThat(attemptsThatSay("exit code -9: may succeed later")).isOne();
    assertThat(there.grants.differences()).isZero();
    assertThat(there.grants.ledgerRows()).isEqualTo(PAIRS);
    assertThat(airflow.api.returned(run, "run").path("inserted").asLong())
        .isPositive()
        .isLessThanOrEqualTo(PAIRS - 3 * SOME);
    assertPasswordIsInNoFile();
  }

  @Test
  void serverThatDoesNotAnswerIsTriedAgainAndAMissingTableIsNot() throws Exception {
    there("absent").grants.database.execute("DROP TABLE access");
    begin("absent", there.connection(TestingAirflow.freePort()));
    awaitAttempt("check", 1, "ended with exit code 3: may succeed later");

    airflow.api.connection(there.role, there.connection());
    awaitEnd("failed");

    int attempts = airflow.api.task(run, "check").path("try_number").asInt();
    assertThat(attempts).isBetween(2, 5);
    assertThat(airflow.api.log(run, "check", attempts))
        .contains("ended with exit code 3: needs somebody to look first");
    assertPasswordIsInNoFile();
  }

  private TestingScheduledGrants there(String name) throws Exception {
    there = TestingScheduledGrants.create(name);
    return there;
  }

  private void begin(String name, Map<String, Object> connection, Object... params)
      throws Exception {
    airflow.api.connection(there.role, connection);
    Map<String, Object> all = new HashMap<>();
    all.put("plan", plan(name));
    all.put("label", name);
    all.put("connections", Map.of("BACKFILL", there.role));
    for (int i = 0; i < params.length; i += 2) {
      all.put((String) params[i], params[i + 1]);
    }
    airflow.api.trigger(name, all);
    run = name;
  }

  private String plan(String name) throws Exception {
    return there.grants.plan(name, "lock-timeout = 60 s");
  }

  private Connection holdingTheTable() throws Exception {
    Connection other = there.grants.database.connection();
    other.setAutoCommit(false);
    other.createStatement().execute("LOCK TABLE access IN SHARE MODE");
    return other;
  }

  /** A run of the same plan that Airflow does not know of, and that has the plan's lease. */
  private TestingProcess heldBySomebodyElse() throws Exception {
    TestingProcess somebody =
        TestingProcess.local(
            "local[1]", there.environment(), plan("killed"), "--label", "somebody");
    somebody.await(there.grants, "it waits to write", "count(*) > 0" + TestingGrants.BLOCKED);
    return somebody;
  }

  private void awaitMoreRows() throws Exception {
    long rows = there.grants.rows() + SOME;
    airflow.await("the job has written some", () -> there.grants.rows() >= rows);
  }

  /** The next attempt may have a session by then. */
  private void awaitEndOf(ProcessHandle job) throws Exception {
    airflow.await("the job has ended", () -> !job.isAlive());
  }

  private void awaitNoSession() throws Exception {
    there.grants.await("nobody writes", "count(*) = 0" + TestingGrants.SESSIONS);
  }

  private void awaitAttempt(String task, int attempt, String said) throws Exception {
    airflow.await(task + " said " + said, () -> airflow.api.log(run, task, attempt).contains(said));
  }

  private void awaitEnd(String state) throws Exception {
    airflow.await(run + " has ended", this::ended);
    assertThat(airflow.api.state(run)).isEqualTo(state);
  }

  private boolean ended() throws Exception {
    return List.of("success", "failed").contains(airflow.api.state(run));
  }

  private void assertAttempts(String task, String state, int attempts) throws Exception {
    JsonNode is = airflow.api.task(run, task);
    assertThat(is.path("state").asText()).isEqualTo(state);
    assertThat(is.path("try_number").asInt()).isEqualTo(attempts);
  }

  private int attemptsThatSay(String text) throws Exception {
    int attempts = airflow.api.task(run, "run").path("try_number").asInt();
    int found = 0;
    for (int i = 1; i <= attempts; i++) {
      found += airflow.api.log(run, "run", i).contains(text) ? 1 : 0;
    }
    return found;
  }

  private void assertPasswordIsInTheEnvironmentAlone() throws Exception {
    ProcessHandle job = airflow.job();
    assertThat(TestingAirflow.variables(job).split("\0"))
        .contains("BACKFILL_PASSWORD=" + there.password)
        .noneMatch(variable -> variable.startsWith("AIRFLOW_"));
    assertThat(ProcessHandle.allProcesses())
        .extracting(TestingAirflow::commandLine)
        .anyMatch(words -> words.contains("\0backfill.Main\0"))
        .noneMatch(words -> words.contains(there.password));
  }

  /** Logs and Airflow's database, with rendered templates, XComs and the question in it. */
  private void assertPasswordIsInNoFile() throws Exception {
    assertThat(airflow.filesWith("--label=airflow=backfill/" + run))
        .as("what is searched has what the tasks said")
        .anyMatch(file -> file.endsWith("attempt=1.log"));
    assertThat(airflow.filesWith("airflow=backfill/" + run + "/check/1"))
        .as("and what the templates became")
        .anyMatch(file -> file.startsWith("airflow.db"));
    assertThat(airflow.filesWith(there.password)).isEmpty();
  }
}
