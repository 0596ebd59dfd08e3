package backfill.cli;

import backfill.plan.InvalidPlanException;
import backfill.report.Comparison;
import backfill.report.ExitCode;
import backfill.report.Report;
import backfill.report.ReportBuilder;
import backfill.report.ReportComparison;
import backfill.report.Stage;
import backfill.report.terminal.Terminal;
import backfill.spark.diff.DiffInput;
import backfill.spark.diff.RowComparison;
import java.io.IOException;

/** The command that says what one dry run, or run, would do that another would not. */
final class DiffCommand {
  private final Answer answer;

  DiffCommand(Answer answer) {
    this.answer = answer;
  }

  int run(ComparedFiles files) {
    ReportBuilder report = Answer.begun("diff");
    return answer.to(report, files.report, targets -> compare(files, report));
  }

  private void compare(ComparedFiles files, ReportBuilder report) {
    if (files.limit < 0) {
      throw new InvalidPlanException("--limit", "is 0 or more, not " + files.limit);
    }
    DiffInput a = DiffInput.of(files.a);
    DiffInput b = DiffInput.of(files.b);
    if (a.kind() != b.kind()) {
      throw new InvalidPlanException(
          "diff",
          "%s is %s and %s is %s; name two of a kind"
              .formatted(files.a, kind(a), files.b, kind(b)));
    }
    try {
      Comparison comparison = compare(a, b, files.limit);
      comparison.lines(Terminal.width(answer.out())).forEach(answer.out()::println);
      report.compared(comparison);
    } catch (IOException e) {
      report.failed(
          ExitCode.READ_FAILED,
          new Report.Failure(Stage.READ.toString(), null, null, e.getMessage(), true));
      Terminal.say(answer.err(), "diff: " + e.getMessage());
    }
  }

  private static Comparison compare(DiffInput a, DiffInput b, int limit) throws IOException {
    if (a.kind() == DiffInput.Kind.ROWS) {
      return Comparison.of(RowComparison.of(a, b, limit));
    }
    return ReportComparison.of(a.text(), b.text())
        .orElseThrow(
            () ->
                new InvalidPlanException("diff", "a report is no JSON; write it anew by --report"));
  }

  private static String kind(DiffInput input) {
    return input.kind() == DiffInput.Kind.ROWS ? "the rows of a diff" : "a report";
  }
}
