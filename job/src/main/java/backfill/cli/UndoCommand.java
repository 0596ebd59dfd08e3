package backfill.cli;

import backfill.plan.InvalidPlanException;
import backfill.plan.PlanFile;
import backfill.plan.Settings;
import backfill.postgres.server.Database;
import backfill.postgres.undo.UndoneRun;
import backfill.report.Progress;
import backfill.report.ReportBuilder;
import backfill.report.ReportTargets;
import backfill.report.Stopping;
import backfill.report.Summary;
import backfill.report.Terminal;
import backfill.run.UndoRun;
import java.util.List;
import java.util.Map;

/** The command that takes a run back; without {@code --execute} it only counts. */
final class UndoCommand {
  private final Stopping stopping;
  private final Map<String, String> environment;
  private final Answer answer;

  UndoCommand(Stopping stopping, Map<String, String> environment, Answer answer) {
    this.stopping = stopping;
    this.environment = environment;
    this.answer = answer;
  }

  /**
   * @param given the run's number, or its beginning
   */
  int run(String given, boolean execute, List<String> labels, CommonOptions options) {
    ReportBuilder report = Answer.begun("undo");
    report.label(labels);
    ReportTargets targets = null;
    try {
      targets = new ReportTargets(options.reports);
      Settings settings = PlanFile.settings(options.sets);
      if (!settings.ledger().on()) {
        throw new InvalidPlanException(
            List.of(
                new InvalidPlanException.Problem(
                    "--set", 0, "undo goes by the ledger; leave out ledger = off")));
      }
      if (!UndoneRun.isNumber(given)) {
        throw new InvalidPlanException(
            List.of(
                new InvalidPlanException.Problem(
                    "undo",
                    0,
                    "%s is not the number of a run, or at least 8 characters of its beginning; backfill status lists them"
                        .formatted(given))));
      }
      Database database =
          Database.fromEnvironment("BACKFILL", environment, settings.connectTimeout());
      if (PlanCommand.loadsOnly()) {
        return 0;
      }
      stopping.listen();
      try (Progress progress = new Progress(settings.progressEvery(), Terminal.of(answer.err()))) {
        new UndoRun(database, settings, PlanFile.limits(options.sets), report, progress, stopping)
            .run(given, execute);
        report.lasts();
        progress.say(Summary.text(report.now(), Terminal.width()));
      }
    } catch (InvalidPlanException e) {
      answer.invalid(report, e);
    }
    return answer.end(report, targets);
  }
}
