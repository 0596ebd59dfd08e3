package backfill.report;

import static org.assertj.core.api.Assertions.assertThat;

import backfill.plan.Plan;
import backfill.plan.PlanFile;
import backfill.testing.TestingLog;
import backfill.testing.TestingRun;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import org.apache.logging.log4j.Level;
import org.junit.jupiter.api.Test;

/**
 * A run that ends in preflight wrote nothing, unless it is the second look at a later step: of what
 * the earlier ones wrote that says nothing.
 */
class SentencesTest {
  private static final Stopping.Reason TERM = new Stopping.Reason("SIGTERM", ExitCode.STOPPED);
  private static final Exception FAILURE = new SQLException("broken off", "08006");

  private final StepReport later = steps().get(1);

  private static List<StepReport> steps() {
    Plan plan =
        PlanFile.read(
            "dojo.conf", PlanFile.shippedText(TestingRun.DOJO).orElseThrow(), List.of(), "1");
    ReportBuilder report = new ReportBuilder("a run", "run", Instant.EPOCH);
    report.loaded(plan, plan.steps());
    return report.now().steps();
  }

  @Test
  void stopBeforeALaterStepDoesNotDenyWhatEarlierOnesWrote() {
    assertThat(stopped(null)).isEqualTo("preflight stopped by SIGTERM: nothing was written");
    assertThat(stopped(later))
        .isEqualTo("preflight " + later.name() + " stopped by SIGTERM: the step wrote nothing");
  }

  @Test
  void failureBeforeALaterStepDoesNotDenyWhatEarlierOnesWrote() {
    for (ExitCode code : List.of(ExitCode.NOT_READY, ExitCode.READ_FAILED)) {
      assertThat(failed(code, null)).contains("failed: broken off").contains("Nothing was written");
      assertThat(failed(code, later.name()))
          .startsWith("preflight " + later.name() + " failed: broken off")
          .contains("The step wrote nothing");
    }
  }

  private static String stopped(StepReport step) {
    return said(progress -> Sentences.explainStop(TERM, Stage.PREFLIGHT, step, FAILURE, progress));
  }

  private static String failed(ExitCode code, String step) {
    Report.Failure error = new Report.Failure("preflight", step, null, "broken off", true);
    return said(progress -> Sentences.explain(FAILURE, code, error, progress));
  }

  private static String said(Consumer<Progress> what) {
    try (TestingLog log = new TestingLog(Level.WARN);
        Progress progress = new Progress(Duration.ofMinutes(1), System.err, false)) {
      what.accept(progress);
      return log.lines().get(0).text();
    }
  }
}
