package backfill.report;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.Plan;
import backfill.plan.PlanFile;
import backfill.postgres.ledger.Operation;
import backfill.postgres.ledger.RunStatus;
import backfill.postgres.ledger.StepCounts;
import backfill.postgres.ledger.WriteCounts;
import backfill.spark.step.DiffCounts;
import backfill.testing.TestingRun;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The table at the end of a run, in a file and in terminals of any width. */
class SummaryTest {
  private static final Plan PLAN =
      PlanFile.read(
          "dojo.conf", PlanFile.shippedText(TestingRun.DOJO).orElseThrow(), List.of(), "1");

  private static final Map<String, Long> STAGES = new LinkedHashMap<>();

  static {
    STAGES.put("load", 40L);
    STAGES.put("preflight", 660L);
    STAGES.put("read", 3_000L);
    STAGES.put("write", 5_700L);
  }

  private static ReportBuilder loaded() {
    ReportBuilder report = new ReportBuilder("a run", "run", Instant.EPOCH);
    report.loaded(PLAN, PLAN.steps());
    report.succeeded(RunStatus.SUCCEEDED, ExitCode.DONE);
    return report;
  }

  private static Report report() {
    return lasting(loaded().now(), 9_400);
  }

  private static Report lasting(Report report, long millis) {
    return new Report(
        report.about(),
        report.outcome(),
        report.countsExact(),
        new Report.Timing(report.timing().startedAt(), millis, null, STAGES, List.of()),
        report.databases(),
        report.warnings(),
        report.steps(),
        report.told());
  }

  private static Report counted() {
    ReportBuilder report = loaded();
    StepReportBuilder first = report.step("product-users");
    first.planned(
        new DiffCounts(
            81_698,
            new DiffCounts.Found(375L, null, null, null, null, 375),
            new DiffCounts.RowsToWrite(81_323L, null, null),
            DiffCounts.Unfit.NONE,
            Map.of(),
            Map.of(),
            null),
        null);
    first.beginsToWrite(new StepReportBuilder.Sending(true, true));
    first.written(
        StepCounts.of(
            Map.of(
                Operation.INSERT_MISSING,
                new WriteCounts(
                    81_323,
                    81_323,
                    WriteCounts.Leaving.NONE,
                    WriteCounts.Refusing.of(List.of(), 0),
                    Map.of(),
                    new WriteCounts.Effort(4, 0, 0),
                    true))));
    first.done();
    return lasting(report.now(), 9_400);
  }

  @Test
  void fileGetsATableHoweverWide() {
    List<String> lines = Summary.text(counted(), Integer.MAX_VALUE).lines().toList();

    assertThat(lines.get(0))
        .isEqualTo("run defectdojo-authorized-users: succeeded in 9.4 s (exit 0)");
    assertThat(lines.get(1)).startsWith("  step ").contains(" planned ", " missing ");
    assertThat(lines.get(2)).startsWith("  product-users ").contains("81,698", "375", "81,323");
    assertThat(lines.get(5)).isEqualTo("  seconds: load 0.0, preflight 0.7, read 3.0, write 5.7");
    assertThat(lines).hasSize(6);
  }

  @Test
  void terminalThatIsTooNarrowGetsABlockForEachStep() {
    String text = Summary.text(counted(), 40);

    assertThat(text.lines().skip(1))
        .containsExactly(
            "  product-users",
            "    planned     81,698",
            "    present        375",
            "    inserted    81,323",
            "    left             0",
            "    rejected         0",
            "    statements       4",
            "  product-type-users (pending)",
            "  user-flags (pending)",
            "  seconds: load 0.0, preflight 0.7, read",
            "    3.0, write 5.7")
        .allMatch(line -> line.length() <= 40);
  }

  @Test
  void tableIsTakenWhereItJustFits() {
    int widest =
        Summary.text(counted(), Integer.MAX_VALUE)
            .lines()
            .skip(1)
            .mapToInt(String::length)
            .max()
            .orElseThrow();

    assertThat(Summary.text(counted(), widest)).contains("  step ");
    assertThat(Summary.text(counted(), widest - 1)).doesNotContain("  step ");
  }

  @Test
  void nothingThatWasCountedIsNoTable() {
    assertThat(Summary.text(report(), Integer.MAX_VALUE)).hasLineCount(1);
  }
}
