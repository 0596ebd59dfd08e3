package backfill.cli;

import backfill.plan.InvalidPlanException;
import backfill.postgres.server.NotReadyException;
import backfill.report.ExitCode;
import backfill.report.LastLine;
import backfill.report.Progress;
import backfill.report.Report;
import backfill.report.ReportBuilder;
import backfill.report.ReportTargets;
import backfill.report.Stage;
import backfill.report.Summary;
import backfill.report.terminal.Terminal;
import java.io.PrintStream;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * How a command answers: by its report to programs, which read the last line whatever happened, and
 * by what is wrong to people.
 *
 * @param given the command line, a word each
 */
record Answer(PrintStream out, PrintStream err, List<String> given) {
  /** A report that begins now. */
  static ReportBuilder begun(String command) {
    return new ReportBuilder(UUID.randomUUID().toString(), command, Instant.now());
  }

  /**
   * The launcher asks for mistakes before it does what takes long; it then starts the job again.
   */
  static boolean loadsOnly() {
    return "only".equals(System.getProperty("backfill.load"));
  }

  /** Says why nothing is done; answers with the exit code. */
  int refused(String command, String mistake) {
    String message = InvalidPlanException.shown(mistake);
    Terminal.say(err, message);
    ReportBuilder report = begun(command);
    report.invalid(message);
    return print(report.now());
  }

  /**
   * Does what a command is for, and answers with the exit code: its report goes to the files that
   * were asked for, and then to the last line, whatever it came to.
   *
   * @param option where the report goes; where a target cannot be written, nothing is done
   * @param work is given these targets
   */
  int to(ReportBuilder report, ReportOption option, Consumer<ReportTargets> work) {
    ReportTargets files = null;
    try {
      files = new ReportTargets(option.targets, option.redact);
      work.accept(files);
      if (loadsOnly()) {
        return ExitCode.DONE.number();
      }
    } catch (InvalidPlanException e) {
      report.invalid(e.getMessage());
      e.problems().forEach(problem -> Terminal.say(err, problem.toString()));
    } catch (NotReadyException e) {
      notReady(report, e);
    }
    report.lasts();
    Report ended = report.now();
    if (files != null) {
      files.write(ended, out, err);
    }
    return print(ended);
  }

  /** Says each reason, and keeps them for the report. */
  void notReady(ReportBuilder report, NotReadyException found) {
    report.failed(
        ExitCode.NOT_READY,
        new Report.Failure(
            Stage.PREFLIGHT.toString(), null, null, found.getMessage(), found.retryable()));
    found.reasons().forEach(reason -> Terminal.say(err, reason));
  }

  /** Says what came of a run, or of an undo, and how to go on where it was stopped. */
  void summarize(ReportBuilder report, Progress progress) {
    report.lasts();
    report.went(progress);
    Report ended = report.now();
    progress.say(Summary.text(ended, Terminal.width()));
    if (ended.stopped()) {
      progress.say("to go on, run the same command again: " + CommandText.of(given));
    }
  }

  /** Prints the last line alone; answers with the exit code. */
  int print(Report report) {
    new LastLine(out, given).print(report);
    return report.exitCode();
  }
}
