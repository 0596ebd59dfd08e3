package backfill.cli;

import backfill.page.RunPage;
import backfill.plan.InvalidPlanException;
import backfill.postgres.ledger.RunStatus;
import backfill.report.ExitCode;
import backfill.report.ReportBuilder;
import backfill.report.ReportTargets;
import java.util.List;
import java.util.Locale;

/** Makes a page of a report that an earlier command wrote. */
final class PageCommand {
  private static final String ENDING = ".json";

  private final Answer answer;

  PageCommand(Answer answer) {
    this.answer = answer;
  }

  int run(PageOptions options) {
    ReportBuilder report = Answer.begun("page");
    return answer.to(report, new ReportOption(), files -> write(options, report));
  }

  private void write(PageOptions options, ReportBuilder report) {
    List<String> targets =
        options.page.targets.isEmpty() ? List.of(beside(options.source)) : options.page.targets;
    ReportTargets files = new ReportTargets(targets, options.page.redact);
    RunPage page = page(options.source, "page", options);
    if (options.before != null) {
      page = page.beside(page(options.before, "--before", options));
    }
    if (Answer.loadsOnly()) {
      return;
    }
    if (!files.write(page, answer.out(), answer.err())) {
      throw new InvalidPlanException("--report", "the page was not written everywhere");
    }
    report.succeeded(RunStatus.SUCCEEDED, ExitCode.DONE);
  }

  private static RunPage page(String source, String word, PageOptions options) {
    return RunPage.of(
            ReportFile.read(source, word, "a file that --report wrote"), options.page.redact)
        .orElseThrow(
            () ->
                new InvalidPlanException(
                    word + " " + source, "is no report; name a file that --report wrote as JSON"));
  }

  /** The report's own name, with the ending of a page. */
  private static String beside(String source) {
    return (source.toLowerCase(Locale.ROOT).endsWith(ENDING)
            ? source.substring(0, source.length() - ENDING.length())
            : source)
        + ".html";
  }
}
