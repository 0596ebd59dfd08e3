package backfill.cli;

import backfill.plan.InvalidPlanException;
import backfill.report.Comparison;
import backfill.report.ExitCode;
import backfill.report.Report;
import backfill.report.ReportBuilder;
import backfill.report.ReportComparison;
import backfill.report.ReportTargets;
import backfill.report.Stage;
import backfill.report.Terminal;
import backfill.spark.diff.DiffInput;
import backfill.spark.diff.RowComparison;
import java.io.IOException;
import java.util.List;

/** The command that says what one dry run, or run, would do that another would not. */
final class DiffCommand {
  private final Answer answer;

  DiffCommand(Answer answer) {
    this.answer = answer;
  }

  /**
   * @param limit how many rows of each are shown that the other has not
   */
  int run(String a, String b, int limit, List<String> reports) {
    ReportBuilder report = Answer.begun("diff");
    ReportTargets targets = null;
    try {
      targets = new ReportTargets(reports);
      if (limit < 0) {
        throw refusal("--limit", "is 0 or more, not " + limit);
      }
      DiffInput first = DiffInput.of(a);
      DiffInput second = DiffInput.of(b);
      if (first.kind() != second.kind()) {
        throw refusal(
            "diff",
            "%s is %s and %s is %s; name two of a kind".formatted(a, kind(first), b, kind(second)));
      }
      if (PlanCommand.loadsOnly()) {
        return ExitCode.DONE.number();
      }
      Comparison comparison = compare(first, second, limit);
      comparison.lines(Terminal.width(answer.out())).forEach(answer.out()::println);
      report.compared(comparison);
    } catch (InvalidPlanException e) {
      answer.invalid(report, e);
    } catch (IOException e) {
      report.failed(
          ExitCode.READ_FAILED,
          new Report.Failure(Stage.READ.toString(), null, null, e.getMessage(), true));
      Terminal.say(answer.err(), "diff: " + e.getMessage());
    }
    return answer.end(report, targets);
  }

  private static Comparison compare(DiffInput a, DiffInput b, int limit) throws IOException {
    if (a.kind() == DiffInput.Kind.ROWS) {
      return Comparison.of(RowComparison.of(a, b, limit));
    }
    return ReportComparison.of(a.text(), b.text())
        .orElseThrow(() -> refusal("diff", "a report is no JSON; write it anew by --report"));
  }

  private static String kind(DiffInput input) {
    return input.kind() == DiffInput.Kind.ROWS ? "the rows of a diff" : "a report";
  }

  private static InvalidPlanException refusal(String what, String problem) {
    return new InvalidPlanException(List.of(new InvalidPlanException.Problem(what, 0, problem)));
  }
}
