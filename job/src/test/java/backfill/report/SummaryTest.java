package backfill.report;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.TestingRun;
import backfill.plan.Plan;
import backfill.plan.PlanFile;
import backfill.postgres.ledger.RunStatus;
import backfill.postgres.ledger.StepStatus;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The table at the end of a run, in a file and in terminals of any width. */
class SummaryTest {
  private static final Plan PLAN =
      PlanFile.read(
          "dojo.conf", PlanFile.shippedText(TestingRun.DOJO).orElseThrow(), List.of(), "1");

  private static Report report() {
    Report report = new Report("a run", "run", Instant.EPOCH);
    report.plan = PLAN.name();
    report.status = RunStatus.SUCCEEDED;
    report.durationMs = 9_400;
    PLAN.steps().forEach(step -> report.steps.add(new StepReport(step)));
    return report;
  }

  private static Report counted() {
    Report report = report();
    StepReport first = report.steps.get(0);
    first.status = StepStatus.DONE;
    first.planned = 81_698L;
    first.alreadyPresent = 375L;
    first.inserted = 81_323L;
    return report;
  }

  @Test
  void fileGetsATableHoweverWide() {
    List<String> lines = Summary.text(counted(), Integer.MAX_VALUE).lines().toList();

    assertThat(lines.get(0))
        .isEqualTo("run defectdojo-authorized-users: succeeded in 9.4 s (exit 0)");
    assertThat(lines.get(1)).startsWith("  step ").contains(" planned ", " missing ");
    assertThat(lines.get(2)).startsWith("  product-users ").contains("81,698", "375", "81,323");
    assertThat(lines).hasSize(5);
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
            "  product-type-users (pending)",
            "  user-flags (pending)")
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
