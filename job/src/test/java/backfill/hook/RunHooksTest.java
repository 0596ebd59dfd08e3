package backfill.hook;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingJvm;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingProcess;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run calls its plan's hooks: what they are told, what they can stop, and what becomes of them.
 */
class RunHooksTest {
  /** Takes down its environment and what it reads, under the name of the hook and its step. */
  private static final String TELLS =
      """
      #!/bin/sh
      cd "$(dirname "$0")"
      env > "$BACKFILL_HOOK$BACKFILL_STEP.env"
      cat > "$BACKFILL_HOOK$BACKFILL_STEP.json"
      echo "$BACKFILL_HOOK" >> called
      echo "$BACKFILL_HOOK: $*"
      """;

  private static final String PLAN =
      """
      name = hooked
      sources.members = members
      steps = [
        { name = first, kind = pairs, direct = [{ from = members, object = o, user = u }]
          into = { table = granted, object = o, user = u } }
        { name = second, kind = batches, table = people, where = "seen IS NULL", set = { seen = "true" } }
      ]
      """;

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path directory;
  private TestingDatabase database;
  private Path plan;
  private Path tells;

  @BeforeEach
  void fill() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE members AS SELECT o::int8, u::int8 FROM generate_series(1, 3) o, generate_series(1, 4) u",
        "CREATE TABLE granted (o int8, u int8, PRIMARY KEY (o, u))",
        "CREATE TABLE people AS SELECT i::int8 AS id, NULL::boolean AS seen FROM generate_series(1, 5) i",
        "ALTER TABLE people ADD PRIMARY KEY (id)");
    plan = directory.resolve("hooked.conf");
    tells = directory.resolve("tells");
    Files.writeString(tells, TELLS);
    assertThat(tells.toFile().setExecutable(true)).isTrue();
  }

  @AfterEach
  void drop() throws Exception {
    database.close();
  }

  private TestingRun run(String hooks, String command, String... options) throws Exception {
    Files.writeString(plan, PLAN + "hooks { " + hooks.replace("TELLS", tells.toString()) + " }\n");
    return TestingRun.of(database.environment(), command, plan, options);
  }

  private List<String> called() throws IOException {
    Path called = directory.resolve("called");
    return Files.exists(called) ? Files.readAllLines(called) : List.of();
  }

  private Map<String, String> environment(String hook) throws IOException {
    Map<String, String> environment = new TreeMap<>();
    for (String line : Files.readAllLines(directory.resolve(hook + ".env"))) {
      int equals = line.indexOf('=');
      if (equals > 0) {
        environment.put(line.substring(0, equals), line.substring(equals + 1));
      }
    }
    return environment;
  }

  private JsonNode told(String hook) throws IOException {
    return JSON.readTree(directory.resolve(hook + ".json").toFile());
  }

  @Test
  void eachIsToldWhatIsKnownByThen() throws Exception {
    String all =
        "before-write = [TELLS, two words, \"$HOME\"], after-step = \"TELLS by shell\", on-refusal = [TELLS], on-end = [TELLS]";
    TestingRun dry = run(all, "plan");
    assertThat(dry.code()).as(dry.said()).isZero();
    TestingRun verified = run(all, "verify");
    assertThat(verified.code()).as(verified.said()).isEqualTo(7);
    assertThat(called()).as("a command that writes nothing calls none").isEmpty();

    TestingRun run = run(all, "run");

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(called()).containsExactly("before-write", "after-step", "after-step", "on-end");
    assertThat(run.said())
        .contains(
            "hooks.before-write: all steps are counted before one writes",
            "hook before-write: before-write: two words $HOME",
            "hook after-step of step first: after-step: by shell",
            "hook on-end: done in ");
    assertThat(environment("before-write"))
        .containsEntry("BACKFILL_HOOK", "before-write")
        .containsEntry("BACKFILL_PLAN", "hooked")
        .containsEntry("BACKFILL_RUN", run.runId())
        .containsEntry("BACKFILL_PLAN_HASH", run.report().path("planHash").asText())
        .containsEntry("BACKFILL_TO_INSERT", "12")
        .containsEntry("BACKFILL_TO_UPDATE", "5")
        .doesNotContainKeys("BACKFILL_STATUS", "BACKFILL_EXIT_CODE", "BACKFILL_INSERTED");
    assertThat(told("before-write").path("steps").path(0).path("toInsert").asLong()).isEqualTo(12);
    assertThat(told("before-write").path("status").isNull()).isTrue();
    assertThat(environment("after-stepfirst"))
        .containsEntry("BACKFILL_STEP", "first")
        .containsEntry("BACKFILL_INSERTED", "12")
        .doesNotContainKeys("BACKFILL_UPDATED");
    assertThat(environment("after-stepsecond")).containsEntry("BACKFILL_UPDATED", "5");
    assertThat(environment("on-end"))
        .containsEntry("BACKFILL_STATUS", "succeeded")
        .containsEntry("BACKFILL_EXIT_CODE", "0")
        .containsEntry("BACKFILL_INSERTED", "12")
        .containsEntry("BACKFILL_UPDATED", "5")
        .containsEntry("BACKFILL_MISSING", "0");
    assertThat(told("on-end").path("steps").path(1).path("updated").asLong()).isEqualTo(5);
    assertThat(run.warnings()).isEmpty();
  }

  @Test
  void nothingIsWrittenWhereTheOneBeforeTheWriteFails() throws Exception {
    TestingRun refused =
        run(
            "before-write = \"cat >/dev/null; echo 'not on a Friday'; exit 3\", on-refusal = [TELLS], on-end = [TELLS]",
            "run");

    assertThat(refused.code()).as(refused.said()).isEqualTo(5);
    assertThat(refused.status()).isEqualTo("refused");
    assertThat(refused.message())
        .isEqualTo(
            "hook before-write ended with exit code 3: not on a Friday. Nothing was written");
    assertWroteNothing();
    assertThat(called()).containsExactly("on-refusal", "on-end");
    assertThat(environment("on-refusal"))
        .containsEntry("BACKFILL_STATUS", "refused")
        .containsEntry("BACKFILL_EXIT_CODE", "5");
    assertThat(told("on-refusal").path("error").path("message").asText())
        .isEqualTo(refused.message());

    TestingRun late =
        run(
            "time-limit = 500 ms, before-write = \"sleep 300 & echo $! > "
                + directory.resolve("child")
                + "; wait\"",
            "run");
    assertThat(late.code()).as(late.said()).isEqualTo(5);
    assertThat(late.message())
        .isEqualTo(
            "hook before-write lasted longer than 500 ms (hooks.time-limit), and was ended. Nothing was written");
    assertWroteNothing();
    assertGone("child");
  }

  private void assertWroteNothing() throws Exception {
    assertThat(database.count("SELECT count(*) FROM granted")).isZero();
    assertThat(database.count("SELECT count(*) FROM people WHERE seen")).isZero();
  }

  private void assertGone(String pidFile) throws Exception {
    Optional<ProcessHandle> child =
        ProcessHandle.of(Long.parseLong(Files.readString(directory.resolve(pidFile)).strip()));
    if (child.isPresent()) {
      child.get().onExit().get(5, TimeUnit.SECONDS);
    }
  }

  @Test
  void whatALaterOneComesToIsAWarning() throws Exception {
    TestingRun run =
        run(
            "after-step = \"i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done; exit 1\", on-end = \"echo no such luck; kill -9 $$\"",
            "run");

    assertThat(run.code()).as(run.said()).isZero();
    assertThat(database.count("SELECT count(*) FROM granted")).isEqualTo(12);
    assertThat(run.warnings())
        .containsExactly(
            "hook after-step of step first ended with exit code 1: line 4999",
            "hook after-step of step second ended with exit code 1: line 4999",
            "hook on-end ended with exit code 137: no such luck");
    assertThat(run.said())
        .contains(
            "WARN  hook on-end ended with exit code 137: no such luck",
            "hook after-step of step first: line 99",
            "hook after-step of step first: (and 4900 more lines)")
        .doesNotContain("step first: line 100\n");
  }

  @Test
  void aProgramThatIsNotThereIsNamedBeforeAnythingIsWritten() throws Exception {
    String hooks = "before-write = [no-such-program], after-step = [\"" + directory + "/none\"]";
    for (String command : List.of("check", "run")) {
      TestingRun run = run(hooks, command);
      assertThat(run.code()).as(run.said()).isEqualTo(3);
      assertThat(run.said())
          .contains(
              "hooks.before-write: there is no program no-such-program that we may run in PATH; install it on the driver's machine, or name it by its path",
              "hooks.after-step: there is no program " + directory + "/none that we may run;");
      assertThat(run.line().path("retryable").asBoolean()).isFalse();
    }
    assertWroteNothing();
    assertThat(database.count("SELECT count(*) FROM pg_namespace WHERE nspname = 'backfill'"))
        .isZero();
  }

  private TestingRun undo(String run, String... options) {
    return TestingRun.of(
        database.environment(),
        Stream.concat(Stream.of("undo", run, "--report", "-"), Stream.of(options))
            .toArray(String[]::new));
  }

  @Test
  void anUndoCallsThoseOfTheRunsPlanWhereItIsNamed() throws Exception {
    TestingRun run = run("before-write = [TELLS], after-step = [TELLS], on-end = [TELLS]", "run");
    assertThat(run.code()).as(run.said()).isZero();
    assertThat(run.report().path("hooks").toString())
        .isEqualTo("[\"before-write\",\"after-step\",\"on-end\"]");
    Files.delete(directory.resolve("called"));
    String id = run.runId();
    String warning =
        "undo: the plan of run "
            + id
            + " has hooks (before-write, after-step, on-end), which are called by --hooks PLAN only";

    TestingRun dry = undo(id, "--hooks", plan.toString());
    assertThat(dry.code()).as(dry.said()).isEqualTo(0);
    assertThat(called()).as("a dry run calls none").isEmpty();

    TestingRun refused =
        undo(
            id,
            "--execute",
            "--set",
            "hooks.before-write=cat >/dev/null; echo 'ask me first'; false",
            "--set",
            "hooks.on-refusal=" + tells);
    assertThat(refused.code()).as(refused.said()).isEqualTo(5);
    assertThat(refused.message())
        .isEqualTo("hook before-write ended with exit code 1: ask me first. Nothing was written");
    assertThat(database.count("SELECT count(*) FROM granted")).isEqualTo(12);
    assertThat(called()).containsExactly("on-refusal");
    assertThat(environment("on-refusal")).containsEntry("BACKFILL_STATUS", "refused");
    assertThat(refused.warnings()).contains(warning);

    Path other = directory.resolve("other.conf");
    Files.writeString(
        other, PLAN.replace("hooked", "other") + "hooks.on-end = [\"" + tells + "\"]");
    TestingRun anothers = undo(id, "--execute", "--hooks", other.toString());
    assertThat(anothers.code()).as(anothers.said()).isEqualTo(3);
    assertThat(anothers.message())
        .isEqualTo("--hooks names plan other, and run " + id + " is of plan hooked; name that one");

    Files.delete(directory.resolve("called"));
    TestingRun undone =
        undo(
            id, "--execute", "--hooks", plan.toString(), "--set", "hooks.on-refusal=no-such-thing");
    assertThat(undone.code()).as(undone.said()).isEqualTo(8);
    assertThat(database.count("SELECT count(*) FROM granted")).isZero();
    assertThat(called()).containsExactly("before-write", "on-end");
    assertThat(environment("before-write"))
        .containsEntry("BACKFILL_COMMAND", "undo")
        .containsEntry("BACKFILL_PLAN", "hooked")
        .containsEntry("BACKFILL_UNDONE_RUN", id)
        .containsEntry("BACKFILL_RUN", undone.runId())
        .containsEntry("BACKFILL_TAKEN_BACK", "12")
        .doesNotContainKeys("BACKFILL_STATUS", "BACKFILL_INSERTED");
    assertThat(told("before-write").path("undo").path("executed").asBoolean()).isFalse();
    assertThat(environment("on-end"))
        .containsEntry("BACKFILL_STATUS", "succeeded")
        .containsEntry("BACKFILL_TAKEN_BACK", "12")
        .containsEntry("BACKFILL_LEFT", "0");
    assertThat(told("on-end").path("undo").path("executed").asBoolean()).isTrue();
    assertThat(undone.warnings()).doesNotContain(warning);
  }

  @Test
  void aProgramThatIsNotThereIsNamedByAnUndo() throws Exception {
    TestingRun run = run("time-limit = 5 s", "run");
    TestingRun undo =
        undo(run.runId(), "--execute", "--hooks", hooked("on-end = [no-such-program]").toString());
    assertThat(undo.code()).as(undo.said()).isEqualTo(3);
    assertThat(undo.message()).contains("hooks.on-end: there is no program no-such-program");
    assertThat(database.count("SELECT count(*) FROM granted")).isEqualTo(12);
  }

  private Path hooked(String hooks) throws IOException {
    return Files.writeString(plan, PLAN + "hooks { " + hooks + " }\n");
  }

  @Test
  void aRunIsStoppedWithinFiveSecondsOfASignalInAHookWhichSeesNoSecret() throws Exception {
    Files.writeString(
        plan,
        PLAN
            + """
            hooks { before-write = [%s], on-end = "%s; sleep 300"
              after-step = "sleep 300 & echo $! > %s; wait" }
            """
                .formatted(tells, tells, directory.resolve("child")));
    Map<String, String> environment = new HashMap<>(database.environment());
    environment.put("PGPASSWORD", "very-secret");
    environment.put("AWS_SECRET_ACCESS_KEY", "very-secret");
    environment.put("BACKFILL_PASSWORD", database.password());
    List<String> command = TestingJvm.words("-Dspark.master=local[2]");
    command.addAll(List.of("backfill.Main", "run", plan.toString()));
    try (TestingProcess process = TestingProcess.start(command, environment)) {
      while (!Files.exists(directory.resolve("child")) && process.isAlive()) {
        Thread.sleep(20);
      }
      long sent = System.nanoTime();
      process.signal("TERM");
      TestingRun run = process.end();

      assertThat(Duration.ofNanos(System.nanoTime() - sent))
          .as(run.said())
          .isLessThan(Duration.ofSeconds(6));
      assertThat(run.code()).as(run.said()).isEqualTo(143);
      assertThat(run.said()).contains("hook on-end lasted longer than ");
    }
    assertGone("child");
    assertThat(environment("on-end")).containsEntry("BACKFILL_STATUS", "stopped");
    Stream.of(environment("before-write"), environment("on-end"))
        .forEach(
            found -> {
              assertThat(found.values()).noneMatch(value -> value.contains("very-secret"));
              assertThat(found.keySet())
                  .noneMatch(
                      name -> name.matches("PG.*|AWS.*|BACKFILL_(URL|USER|PASSWORD.*|READ_URL)"));
            });
  }
}
