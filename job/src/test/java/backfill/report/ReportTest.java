package backfill.report;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.testing.TestingDatabase;
import backfill.testing.TestingDojo;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The report: complete whatever happened, and its sums hold. */
class ReportTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Programs find each key where it was: a new one comes to those that are there. */
  private static final List<String> TOP =
      List.of(
          ("reportVersion plan planHash runId command status exitCode error wouldRefuse labels params approval countsExact"
                  + " startedAt durationMs sessionReadyMs stages databases warnings steps never pace limits timeline planGiven hooks")
              .split(" "));

  private static final List<String> STEP =
      List.of(
          ("name kind target status read planned alreadyPresent foreign toInsert toUpdate toDelete inserted conflicts updated"
                  + " unchanged deleted stayed cascaded absent changedMeanwhile rejected rejections surplus unmatched missing"
                  + " addedMeanwhile revokedMeanwhile revokedRemoved revokedLeft statements retries sequenceValues sequencesSet lockWaitMs throttledMs"
                  + " durationMs stages changes leftOut crossing nested nestedObjects targetRows owns takenAway cannotUndo ledgerBytes gains losses toSet shape diffRows diffChecksum analyzed deadRows vacuumDue")
              .split(" "));

  private static final List<String> LINE =
      List.of(
          ("plan runId command status exitCode retryable wouldRefuse planned alreadyPresent foreign toInsert toUpdate"
                  + " toDelete inserted updated deleted rejected surplus missing durationMs")
              .split(" "));

  private static TestingDojo there;

  @BeforeAll
  static void fill() throws Exception {
    there = TestingDojo.create();
    there
        .dojo
        .productMember("p1", "u1", "Reader")
        .productGroup("p1", "g1")
        .group("g1", "u1", "u2")
        .authorizedUser("p1", "u2")
        .globalRoleUser("u1", "Owner")
        .globalRoleUser("u2", "Reader");
  }

  @AfterAll
  static void drop() throws Exception {
    there.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"check", "plan", "verify"})
  void dryCommandsReportEveryKey(String command) {
    TestingRun run = there.run(command);

    assertComplete(run);
    assertThat(run.report().path("command").asText()).isEqualTo(command);
    for (JsonNode step : run.report().path("steps")) {
      for (String unknown : List.of("inserted", "updated", "conflicts", "deleted", "rejected")) {
        assertThat(step.get(unknown).isNull()).as(unknown).isTrue();
      }
      if (command.equals("plan") && step.path("kind").asText().equals("pairs")) {
        assertThat(step.path("planned").asLong())
            .isEqualTo(step.path("alreadyPresent").asLong() + step.path("toInsert").asLong());
      }
    }
  }

  @Test
  void runReportsEveryKeyAndItsSumsHold() throws Exception {
    try (TestingDojo own = TestingDojo.create()) {
      own.dojo
          .productMember("p1", "u1", "Reader")
          .productMember("p1", "u2", "Reader")
          .authorizedUser("p1", "u2")
          .globalRoleUser("u1", "Owner")
          .globalRoleUser("u2", "Reader");

      TestingRun run = own.run("run", "--label", "ticket=OPS-1", "--label", "a note");

      assertComplete(run);
      JsonNode report = run.report();
      assertThat(report.path("labels").toString())
          .isEqualTo("{\"ticket\":\"OPS-1\",\"label\":\"a note\"}");
      assertThat(report.path("countsExact").asBoolean()).isTrue();
      JsonNode database = report.path("databases").path("main");
      assertThat(fields(database))
          .containsExactly(
              "server",
              "version",
              "user",
              "readFrom",
              "snapshots",
              "connections",
              "systemIdentifier",
              "database");
      assertThat(database.path("snapshots")).hasSize(2);
      assertThat(fields(database.path("snapshots").get(0)))
          .containsExactly(
              "lsn", "at", "heldMs", "afterMainMs", "afterMainByServersMs", "server", "xmin");
      JsonNode pairs = run.step("product-users");
      assertThat(number(pairs, "planned"))
          .isEqualTo(
              number(pairs, "alreadyPresent")
                  + number(pairs, "inserted")
                  + number(pairs, "rejected"))
          .isEqualTo(2);
      assertThat(pairs.get("updated").isNull()).isTrue();
      JsonNode flags = run.step("user-flags");
      assertThat(number(flags, "planned"))
          .isEqualTo(
              number(flags, "updated")
                  + number(flags, "unchanged")
                  + number(flags, "absent")
                  + number(flags, "changedMeanwhile")
                  + number(flags, "rejected"))
          .isEqualTo(2);
      assertThat(flags.get("inserted").isNull()).isTrue();
      assertThat(number(pairs.path("read"), "product_member")).isEqualTo(2);
      assertThat(pairs.path("statements").asLong()).isPositive();
      assertThat(fields(report.path("stages")))
          .containsExactly(
              "load", "preflight", "read", "flatten", "diff", "write", "verify", "report");
      long inAll = 0;
      for (JsonNode stage : report.path("stages")) {
        inAll += stage.asLong();
      }
      assertThat(inAll).isEqualTo(number(report, "durationMs"));
      assertThat(number(report, "sessionReadyMs")).isBetween(0L, inAll);
    }
  }

  @Test
  void failuresReportEveryKey() throws Exception {
    TestingRun wrong = there.run("run", "--set", "write.writers=0");
    assertComplete(wrong);
    assertThat(wrong.report().path("error").path("stage").asText()).isEqualTo("load");
    assertThat(wrong.report().get("sessionReadyMs").isNull()).isTrue();

    try (TestingDatabase empty = TestingPostgres.shared().createDatabase()) {
      TestingRun notReady = TestingRun.of(empty.environment(), "run", TestingRun.DOJO);
      assertComplete(notReady);
      assertThat(notReady.report().path("error").path("stage").asText()).isEqualTo("preflight");
      assertThat(notReady.report().path("steps")).hasSize(3);
    }
  }

  @Test
  void reportGoesToStandardOutputAFileAndAUriBeforeTheLastLine(@TempDir Path directory)
      throws Exception {
    Path file = directory.resolve("one.json");
    Path other = directory.resolve("two.json");
    Path third = directory.resolve("three.json");

    TestingRun run =
        there.run(
            "check",
            "--report",
            "-",
            "--report",
            file.toString(),
            "--report",
            "file://" + other,
            "--report",
            "file:" + third);

    String printed = String.join("\n", run.out().subList(0, run.out().size() - 1));
    assertThat(JSON.readTree(printed)).isEqualTo(run.report());
    assertThat(JSON.readTree(Files.readString(file))).isEqualTo(run.report());
    assertThat(JSON.readTree(Files.readString(other))).isEqualTo(run.report());
    assertThat(JSON.readTree(Files.readString(third))).isEqualTo(run.report());
  }

  @ParameterizedTest
  @ValueSource(strings = {"no/such/directory/report.json", "nosuchscheme://bucket/report.json"})
  void targetThatCannotTakeAReportIsRefusedBeforeAnything(String target) throws Exception {
    List<List<Object>> before = there.trace();

    TestingRun run = there.run("run", "--report", target);

    assertThat(run.code()).as(run.said()).isEqualTo(2);
    assertThat(run.said()).contains("--report: cannot write " + target).doesNotContain("preflight");
    assertThat(there.trace()).isEqualTo(before);
    assertThat(run.line().path("exitCode").asInt()).isEqualTo(2);
  }

  private static void assertComplete(TestingRun run) {
    assertThat(fields(run.report())).containsExactlyElementsOf(TOP);
    for (JsonNode step : run.report().path("steps")) {
      assertThat(fields(step)).containsExactlyElementsOf(STEP);
    }
    if (!run.report().path("error").isNull()) {
      assertThat(fields(run.report().path("error")))
          .containsExactly("stage", "step", "sqlState", "message", "retryable");
    }
    assertThat(fields(run.line())).containsExactlyElementsOf(LINE);
    assertThat(run.line().path("exitCode").asInt()).isEqualTo(run.code());
    assertThat(run.report().path("exitCode").asInt()).isEqualTo(run.code());
    assertThat(run.line().path("runId")).isEqualTo(run.report().path("runId"));
    assertThat(run.out()).hasSize(1);
  }

  private static long number(JsonNode step, String count) {
    assertThat(step.path(count).isNumber()).as(count).isTrue();
    return step.path(count).asLong();
  }

  private static List<String> fields(JsonNode node) {
    List<String> fields = new ArrayList<>();
    node.fieldNames().forEachRemaining(fields::add);
    return fields;
  }
}
