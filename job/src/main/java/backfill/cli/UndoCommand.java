package backfill.cli;

import backfill.plan.Hooks;
import backfill.plan.InvalidPlanException;
import backfill.plan.Plan;
import backfill.plan.PlanFile;
import backfill.plan.Settings;
import backfill.postgres.server.Database;
import backfill.postgres.undo.UndoneRun;
import backfill.report.Progress;
import backfill.report.ReportBuilder;
import backfill.report.Stopping;
import backfill.run.UndoRun;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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

  int run(UndoOptions options) {
    ReportBuilder report = Answer.begun("undo");
    report.label(options.label.texts);
    return answer.to(report, options.common.report, files -> undo(options, report));
  }

  private void undo(UndoOptions options, ReportBuilder report) {
    List<String> sets = options.common.sets;
    Optional<Plan> called = Optional.ofNullable(options.hooks).map(plan -> called(plan, sets));
    Settings settings = settings(sets, called);
    if (!settings.ledger().on()) {
      throw new InvalidPlanException("--set", "undo goes by the ledger; leave out ledger = off");
    }
    if (!UndoneRun.isNumber(options.run)) {
      throw new InvalidPlanException(
          "undo",
          "%s is not the number of a run, or at least 8 characters of its beginning; backfill status lists them"
              .formatted(options.run));
    }
    report.calls(settings.hooks(), options.hooks);
    Database database =
        Database.fromEnvironment("BACKFILL", environment, settings.connectTimeout());
    stopping.listen();
    try (Progress progress =
        new Progress(settings.progressEvery(), answer.err(), options.common.quiet)) {
      new UndoRun(database, settings, PlanFile.limits(sets), report, progress, stopping)
          .run(new UndoRun.Asked(options.run, options.execute, called.map(Plan::name)));
      answer.summarize(report, progress);
    }
  }

  /** The plan whose hooks are called, with those that {@code --set} adds. */
  private static Plan called(String plan, List<String> sets) {
    return PlanText.find(plan).plan(sets.stream().filter(UndoCommand::isHook).toList());
  }

  private static Settings settings(List<String> sets, Optional<Plan> called) {
    return called.isEmpty()
        ? PlanFile.settingsWithHooks(sets)
        : PlanFile.settings(sets.stream().filter(set -> !isHook(set)).toList())
            .calling(called.get().settings().hooks());
  }

  private static boolean isHook(String set) {
    return set.strip().startsWith(Hooks.KEY + ".");
  }
}
