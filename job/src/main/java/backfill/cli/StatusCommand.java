package backfill.cli;

import backfill.plan.InvalidPlan;
import backfill.plan.PlanFile;
import backfill.plan.Settings;
import backfill.postgres.ledger.LedgerStatus;
import backfill.postgres.ledger.RunStatus;
import backfill.postgres.server.Database;
import backfill.postgres.server.NotReady;
import backfill.report.ExitCode;
import backfill.report.LastLine;
import backfill.report.Report;
import backfill.report.ReportTargets;
import backfill.report.Stage;
import backfill.report.StatusTable;
import backfill.report.Terminal;
import backfill.report.Version;
import java.io.PrintStream;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** The command that shows the ledger: a table for people, the same runs in the report. */
final class StatusCommand {
  private final Map<String, String> environment;
  private final PrintStream out;
  private final PrintStream err;
  private final LastLine last;

  StatusCommand(Map<String, String> environment, PrintStream out, PrintStream err, LastLine last) {
    this.environment = environment;
    this.out = out;
    this.err = err;
    this.last = last;
  }

  /**
   * @param name a plan, or null for the runs of all
   */
  int run(String name, CommonOptions options) {
    Report report = new Report(UUID.randomUUID().toString(), "status", Instant.now());
    report.plan = name;
    ReportTargets targets = null;
    try {
      targets = new ReportTargets(options.reports);
      Settings settings;
      if (name == null) {
        settings = PlanFile.settings(options.sets);
      } else {
        PlanText text = PlanText.find(name);
        var plan = PlanFile.read(text.location(), text.text(), options.sets, Version.number());
        report.plan = plan.name();
        settings = plan.settings();
      }
      Database database =
          Database.fromEnvironment("BACKFILL", environment, settings.connectTimeout());
      List<LedgerStatus.Run> runs =
          LedgerStatus.of(database, settings.ledger().schema(), report.plan);
      StatusTable.lines(runs, Terminal.width(out)).forEach(out::println);
      report.runs = runs;
      report.status = RunStatus.SUCCEEDED;
    } catch (InvalidPlan e) {
      report.invalid(e.getMessage());
      e.problems().forEach(problem -> Terminal.say(err, problem.toString()));
    } catch (NotReady e) {
      report.status = RunStatus.FAILED;
      report.exitCode = ExitCode.NOT_READY.number();
      report.error =
          new Report.Failure(Stage.PREFLIGHT.toString(), null, null, e.getMessage(), e.retryable());
      e.reasons().forEach(reason -> Terminal.say(err, reason));
    }
    report.lasts();
    if (targets != null) {
      targets.write(report, out, err);
    }
    last.print(report);
    return report.exitCode;
  }
}
