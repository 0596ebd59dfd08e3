package backfill.cli;

import backfill.lineage.LineageTarget;
import backfill.lineage.RunLineage;
import backfill.metrics.LiveMetrics;
import backfill.plan.InvalidPlanException;
import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.server.NamedDatabases;
import backfill.report.Command;
import backfill.report.Progress;
import backfill.report.ReportBuilder;
import backfill.report.Stopping;
import backfill.run.Backfill;
import backfill.run.CheckPrintout;
import backfill.run.Loaded;
import backfill.run.Selection;
import backfill.run.WriterChoice;
import backfill.spark.diff.DiffFile;
import backfill.spark.diff.DiffTarget;
import backfill.spark.engine.Session;
import java.util.Map;
import java.util.Optional;

/** A command that takes a plan, from its options to the last line of standard output. */
final class PlanCommand {
  private final Stopping stopping;
  private final Map<String, String> environment;
  private final Answer answer;

  PlanCommand(Stopping stopping, Map<String, String> environment, Answer answer) {
    this.stopping = stopping;
    this.environment = environment;
    this.answer = answer;
  }

  int run(
      Command command,
      PlanOptions options,
      CheckPrintout printout,
      DiffOption diff,
      ApprovalOptions approval) {
    ReportBuilder report = Answer.begun(command.toString());
    report.named(options.plan);
    return answer.to(
        report,
        options.common.report,
        files -> {
          Optional<DiffTarget> told = Optional.ofNullable(diff.target).map(DiffTarget::of);
          refuseSupervisor();
          report.label(options.label.texts);
          Loaded loaded = load(command, options).approvedBy(approval.read());
          loaded.approved().ifPresent(files::besides);
          NamedDatabases databases =
              NamedDatabases.fromEnvironment(loaded.plan(), loaded.steps(), environment);
          Optional<LineageTarget> lineage = LineageTarget.in(environment);
          if (!Answer.loadsOnly()) {
            listen(command, loaded.plan(), report);
            try (Progress progress =
                new Progress(
                    loaded.plan().settings().progressEvery(), answer.err(), options.common.quiet)) {
              run(new Job(command, printout, loaded, databases, told, lineage), report, progress);
            }
          }
        });
  }

  private static Loaded load(Command command, PlanOptions options) {
    PlanText text = PlanText.find(options.plan);
    return Loaded.load(
            text.location(),
            text.text(),
            options.common.sets,
            new Selection(options.only, options.from, options.until))
        .as(command);
  }

  private void listen(Command command, Plan plan, ReportBuilder report) {
    stopping.listen();
    if (command == Command.RUN) {
      plan.settings().deadline(report.startedAt()).ifPresent(stopping::at);
    }
  }

  /** What is to be done. */
  private record Job(
      Command command,
      CheckPrintout printout,
      Loaded loaded,
      NamedDatabases databases,
      Optional<DiffTarget> told,
      Optional<LineageTarget> lineage) {}

  private void run(Job asked, ReportBuilder report, Progress progress) {
    Plan plan = asked.loaded().plan();
    String name = "backfill " + plan.name();
    // What changes a database from within needs no engine.
    try (Session session =
            Step.fills(asked.loaded().steps()).isEmpty()
                ? Session.whenAsked(name, plan.timeZone())
                : Session.start(name, plan.timeZone());
        LiveMetrics metrics =
            new LiveMetrics(plan.settings().metrics(), environment, session, progress);
        DiffFile file =
            asked.told().map(target -> DiffFile.of(target, report.runId())).orElse(null)) {
      Backfill job =
          new Backfill(
              WriterChoice.in(asked.loaded(), asked.databases(), progress::say),
              asked.databases(),
              session,
              report,
              progress,
              stopping);
      if (file != null) {
        job.tellTo(file);
      }
      if (asked.command().told.contains(Command.Told.METRICS)) {
        job.tellTo(metrics);
      }
      if (asked.lineage().isPresent() && asked.command().told.contains(Command.Told.LINEAGE)) {
        job.tellTo(new RunLineage(asked.lineage().get(), session));
      }
      job.run(asked.command(), asked.printout());
      answer.summarize(report, progress);
    }
  }

  /** Most exit codes say that someone must look first; a supervisor never does. */
  private static void refuseSupervisor() {
    if (Session.isSupervised()) {
      throw new InvalidPlanException(
          "spark.driver.supervise",
          "is on, and would start a run again that ended for a reason; kill this driver, and submit without"
              + " --supervise");
    }
  }
}
