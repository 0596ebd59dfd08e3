package backfill.cli;

import backfill.plan.Amount;
import backfill.plan.InvalidPlanException;
import backfill.plan.PlanFile;
import backfill.plan.Settings;
import backfill.postgres.ledger.ForgottenKeys;
import backfill.postgres.ledger.LedgerStatus;
import backfill.postgres.server.Database;
import backfill.postgres.server.NotReadyException;
import backfill.report.ExitCode;
import backfill.report.Report;
import backfill.report.ReportBuilder;
import backfill.report.ReportTargets;
import backfill.report.Stage;
import backfill.report.StatusTable;
import backfill.report.Terminal;
import backfill.report.Version;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The command that shows the ledger: a table for people, the same runs in the report. */
final class StatusCommand {
  private final Map<String, String> environment;
  private final Answer answer;

  StatusCommand(Map<String, String> environment, Answer answer) {
    this.environment = environment;
    this.answer = answer;
  }

  /**
   * @param name a plan, or null for the runs of all
   * @param prune how old runs must be to lose their keys, as in 90d; null to forget none
   */
  int run(String name, String prune, CommonOptions options) {
    ReportBuilder report = Answer.begun("status");
    report.named(name);
    ReportTargets targets = null;
    try {
      targets = new ReportTargets(options.reports);
      Settings settings;
      if (name == null) {
        settings = PlanFile.settings(options.sets);
      } else {
        PlanText text = PlanText.find(name);
        var plan = PlanFile.read(text.location(), text.text(), options.sets, Version.number());
        report.named(plan.name());
        settings = plan.settings();
      }
      Database database =
          Database.fromEnvironment("BACKFILL", environment, settings.connectTimeout());
      if (prune != null) {
        forget(database, settings, report.now().about().plan(), age(prune));
      }
      List<LedgerStatus.Run> runs =
          LedgerStatus.of(database, settings.ledger().schema(), report.now().about().plan());
      StatusTable.lines(runs, Terminal.width(answer.out())).forEach(answer.out()::println);
      report.listed(runs);
    } catch (InvalidPlanException e) {
      answer.invalid(report, e);
    } catch (NotReadyException e) {
      report.failed(
          ExitCode.NOT_READY,
          new Report.Failure(
              Stage.PREFLIGHT.toString(), null, null, e.getMessage(), e.retryable()));
      e.reasons().forEach(reason -> Terminal.say(answer.err(), reason));
    }
    return answer.end(report, targets);
  }

  private void forget(Database database, Settings settings, String plan, Duration age) {
    ForgottenKeys forgotten = ForgottenKeys.of(database, settings.ledger().schema(), plan, age);
    Terminal.say(
        answer.err(),
        "the keys of %s that began more than %s ago are forgotten: %,d bytes; undo can take none of these back"
            .formatted(
                Amount.of(forgotten.runs(), "run"),
                Amount.of(age.toDays(), "day"),
                forgotten.bytes()));
  }

  /** In whole days: what is younger is needed to undo a mistake. */
  private static Duration age(String prune) {
    if (!prune.matches("[0-9]{1,5} ?d")) {
      throw new InvalidPlanException(
          List.of(
              new InvalidPlanException.Problem(
                  "--prune", 0, "expected a number of days, as in 90d, got " + prune)));
    }
    return Duration.ofDays(Long.parseLong(prune.replaceAll("[ d]", "")));
  }
}
