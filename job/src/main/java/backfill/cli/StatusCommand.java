package backfill.cli;

import backfill.plan.Amount;
import backfill.plan.InvalidPlanException;
import backfill.plan.Plan;
import backfill.plan.PlanFile;
import backfill.plan.Settings;
import backfill.postgres.ledger.ForgottenKeys;
import backfill.postgres.ledger.LedgerStatus;
import backfill.postgres.server.Database;
import backfill.report.ReportBuilder;
import backfill.report.StatusTable;
import backfill.report.terminal.Terminal;
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

  int run(StatusOptions options) {
    ReportBuilder report = Answer.begun("status");
    report.named(options.plan);
    return answer.to(report, options.common.report, files -> show(options, report));
  }

  private void show(StatusOptions options, ReportBuilder report) {
    String plan = null;
    Settings settings;
    if (options.plan == null) {
      settings = PlanFile.settings(options.common.sets);
    } else {
      Plan found = PlanText.find(options.plan).plan(options.common.sets);
      plan = found.name();
      report.about(plan, null);
      settings = found.settings();
    }
    Database database =
        Database.fromEnvironment("BACKFILL", environment, settings.connectTimeout());
    if (options.prune != null) {
      forget(database, settings, plan, age(options.prune));
    }
    List<LedgerStatus.Run> runs = LedgerStatus.of(database, settings.ledger().schema(), plan);
    StatusTable.lines(runs, Terminal.width(answer.out())).forEach(answer.out()::println);
    report.listed(runs);
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
          "--prune", "expected a number of days, as in 90d, got " + prune);
    }
    return Duration.ofDays(Long.parseLong(prune.replaceAll("[ d]", "")));
  }
}
