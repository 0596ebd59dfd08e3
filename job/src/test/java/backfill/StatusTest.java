package backfill;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.postgres.ledger.HeldRun;
import backfill.postgres.ledger.LedgerStatus;
import backfill.report.StatusTable;
import backfill.testing.TestingDatabase;
import backfill.testing.TestingPostgres;
import backfill.testing.TestingRun;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code status} shows of a plan's attempts, to people and to programs. */
class StatusTest {
  @TempDir Path directory;
  private TestingDatabase database;
  private String plan;

  @BeforeEach
  void create() throws Exception {
    database = TestingPostgres.shared().createDatabase();
    database.execute(
        "CREATE TABLE items (id int PRIMARY KEY, state text)",
        "INSERT INTO items SELECT n FROM generate_series(1, 50) n");
    plan =
        Files.writeString(
                directory.resolve("marks.conf"),
                """
                name = marks
                ledger.schema = "Odd \\"one\\""
                steps = [{ name = mark, kind = batches, table = items, where = "state IS NULL", set = { state = "'x'" } }]
                """)
            .toString();
  }

  @AfterEach
  void drop() throws Exception {
    database.close();
  }

  private TestingRun run(String... words) {
    return TestingRun.of(database.environment(), words);
  }

  @Test
  void theSumOverTheAttemptsIsTheNumberOfRows() throws Exception {
    assertThat(run("run", plan).code()).isZero();
    database.execute("UPDATE items SET state = NULL WHERE id > 43");
    assertThat(run("run", plan).code()).isZero();

    TestingRun status = run("status", plan);

    assertThat(status.code()).as(status.said()).isZero();
    assertThat(status.out().get(0)).startsWith("started").contains("step", "rows", "where");
    assertThat(status.out().get(1))
        .contains("marks", "succeeded", " mark ", " 7 ")
        .contains(System.getProperty("user.name") + "@")
        .contains("(pid " + ProcessHandle.current().pid() + ")");
    assertThat(status.out().get(2)).contains(" mark ", " 50 ");
    assertThat(status.out().get(3)).startsWith("all of these").contains(" 57 ");
    for (JsonNode told : List.of(status.report(), status.line())) {
      assertThat(told.path("runs").findValuesAsText("rows")).containsExactly("7", "50");
      assertThat(told.path("runs").findValuesAsText("status"))
          .containsExactly("succeeded", "succeeded");
    }
    assertThat(status.report().path("plan").asText()).isEqualTo("marks");
  }

  /** The table's lines are broken where a terminal would break them: in the middle of a number. */
  @Test
  void narrowTerminalGetsABlockForEachRun() throws Exception {
    LedgerStatus.Run one =
        new LedgerStatus.Run(
            new LedgerStatus.Began(
                "8c1f5a5e-0000-0000-0000-000000000001",
                "marks",
                "jobs@batch-17.example.org (pid 4711)",
                "2026-11-27 23:00:00+00"),
            "succeeded",
            "mark",
            new LedgerStatus.Counts(1_234_567, 1_000, 0, 0),
            "2026-11-27 23:10:00+00",
            null,
            new LedgerStatus.Undoing(null, false),
            HeldRun.NOTHING);

    assertThat(StatusTable.lines(List.of(one), 80))
        .containsExactly(
            "2026-11-27 23:00:00+00",
            "  run          8c1f5a5e-0000-0000-0000-000000000001",
            "  plan         marks",
            "  status       succeeded",
            "  step         mark",
            "  rows         1,234,567",
            "  written          1,000",
            "  rejected             0",
            "  last commit  2026-11-27 23:10:00+00",
            "  where        jobs@batch-17.example.org (pid 4711)");
    assertThat(StatusTable.lines(List.of(one), Integer.MAX_VALUE)).hasSize(2);
  }

  @Test
  void withoutAPlanTheLedgersSchemaIsGivenLikeAnySetting() {
    assertThat(run("run", plan).code()).isZero();
    String odd = "ledger.schema=Odd \"one\"";

    assertThat(run("status", "--set", odd).line().path("runs")).hasSize(1);

    TestingRun elsewhere = run("status");
    assertThat(elsewhere.code()).isEqualTo(3);
    assertThat(elsewhere.said()).contains("there is no ledger in schema backfill");
    assertThat(elsewhere.line().path("exitCode").asInt()).isEqualTo(3);
    TestingRun wrong = run("status", "--set", "ledger.shema=x");
    assertThat(wrong.code()).isEqualTo(2);
    assertThat(wrong.said()).contains("ledger.shema");
  }

  @Test
  void theReportInTheLedgerSaysHowLongTheRunTook() throws Exception {
    TestingRun run = run("run", plan);

    JsonNode kept =
        new ObjectMapper()
            .readTree(
                database
                    .rows("SELECT report::text FROM \"Odd \"\"one\"\"\".run")
                    .get(0)
                    .get(0)
                    .toString());
    assertThat(kept.path("durationMs").asLong())
        .isPositive()
        .isLessThanOrEqualTo(run.report().path("durationMs").asLong());
    assertThat(kept.path("steps")).isEqualTo(run.report().path("steps"));
  }
}
