package backfill.cli;

import backfill.plan.InvalidPlanException;
import backfill.report.LastLine;
import backfill.report.Report;
import backfill.report.ReportBuilder;
import backfill.report.ReportTargets;
import backfill.report.Terminal;
import java.io.PrintStream;
import java.time.Instant;
import java.util.UUID;

/**
 * How a command answers: by its report to programs, which read the last line whatever happened, and
 * by what is wrong to people.
 */
record Answer(PrintStream out, PrintStream err, LastLine last) {

  /** A report that begins now. */
  static ReportBuilder begun(String command) {
    return new ReportBuilder(UUID.randomUUID().toString(), command, Instant.now());
  }

  /** Says why nothing is done; answers with the exit code. */
  int refused(String command, String message) {
    Terminal.say(err, message);
    ReportBuilder report = begun(command);
    report.invalid(message);
    return print(report.now());
  }

  /** Says each problem, and keeps them for the report. */
  void invalid(ReportBuilder report, InvalidPlanException found) {
    report.invalid(found.getMessage());
    found.problems().forEach(problem -> Terminal.say(err, problem.toString()));
  }

  /**
   * Sends the report to the files that were asked for, and then as the last line; answers with the
   * exit code.
   *
   * @param targets null where the command line names one that cannot be
   */
  int end(ReportBuilder report, ReportTargets targets) {
    report.lasts();
    Report ended = report.now();
    if (targets != null) {
      targets.write(ended, out, err);
    }
    return print(ended);
  }

  /** Prints the last line alone; answers with the exit code. */
  int print(Report report) {
    last.print(report);
    return report.exitCode();
  }
}
