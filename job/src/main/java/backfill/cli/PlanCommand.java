package backfill.cli;

import backfill.plan.InvalidPlanException;
import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.server.NamedDatabases;
import backfill.report.Command;
import backfill.report.ExitCode;
import backfill.report.Progress;
import backfill.report.ReportBuilder;
import backfill.report.ReportTargets;
import backfill.report.Stopping;
import backfill.report.Summary;
import backfill.report.Terminal;
import backfill.run.Backfill;
import backfill.run.CheckPrintout;
import backfill.run.Loaded;
import backfill.run.Selection;
import backfill.spark.diff.DiffFile;
import backfill.spark.diff.DiffTarget;
import backfill.spark.engine.Session;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import picocli.CommandLine.Model.CommandSpec;

/** A command that takes a plan, from its options to the last line of standard output. */
final class PlanCommand {
  private final Stopping stopping;
  private final Map<String, String> environment;
  private final Answer answer;
  private final CommandSpec spec;

  PlanCommand(Stopping stopping, Map<String, String> environment, Answer answer, CommandSpec spec) {
    this.stopping = stopping;
    this.environment = environment;
    this.answer = answer;
    this.spec = spec;
  }

  int run(
      Command command,
      PlanOptions options,
      CheckPrintout printout,
      DiffOption diff,
      ApprovalOptions approval) {
    Instant startedAt = Instant.now();
    ReportBuilder report =
        new ReportBuilder(UUID.randomUUID().toString(), command.toString(), startedAt);
    report.named(options.plan);
    ReportTargets targets = null;
    try {
      targets = new ReportTargets(options.common.reports);
      Optional<DiffTarget> told = Optional.ofNullable(diff.target).map(DiffTarget::of);
      refuseSupervisor();
      report.label(options.labels);
      PlanText text = PlanText.find(options.plan);
      Loaded loaded =
          Loaded.load(
                  text.location(),
                  text.text(),
                  options.common.sets,
                  new Selection(options.only, options.from, options.until))
              .as(command)
              .approvedBy(approval.read());
      Plan plan = loaded.plan();
      NamedDatabases databases = NamedDatabases.fromEnvironment(plan, loaded.steps(), environment);
      if (loadsOnly()) {
        return ExitCode.DONE.number();
      }
      stopping.listen();
      if (command == Command.RUN) {
        plan.settings().deadline(startedAt).ifPresent(stopping::at);
      }
      String name = "backfill " + plan.name();
      // What changes a database from within needs no engine.
      try (Session session =
              Step.fills(loaded.steps()).isEmpty()
                  ? Session.whenAsked(name, plan.timeZone())
                  : Session.start(name, plan.timeZone());
          Progress progress =
              new Progress(plan.settings().progressEvery(), Terminal.of(answer.err()));
          DiffFile file = told.map(target -> DiffFile.of(target, report.runId())).orElse(null)) {
        Backfill job = new Backfill(loaded, databases, session, report, progress, stopping);
        if (file != null) {
          job.tellTo(file);
        }
        job.run(command, printout);
        report.lasts();
        progress.say(Summary.text(report.now(), Terminal.width()));
        if (report.now().stopped()) {
          progress.say("to go on, run the same command again: " + CommandText.of(spec));
        }
      }
    } catch (InvalidPlanException e) {
      answer.invalid(report, e);
    }
    return answer.end(report, targets);
  }

  /**
   * The launcher asks for mistakes before it does what takes long; it then starts the job again.
   */
  static boolean loadsOnly() {
    return "only".equals(System.getProperty("backfill.load"));
  }

  /** Most exit codes say that someone must look first; a supervisor never does. */
  private static void refuseSupervisor() {
    if (Session.isSupervised()) {
      throw new InvalidPlanException(
          List.of(
              new InvalidPlanException.Problem(
                  "spark.driver.supervise",
                  0,
                  "is on, and would start a run again that ended for a reason; kill this driver, and submit without"
                      + " --supervise")));
    }
  }
}
