package backfill.cli;

import backfill.demo.Counts;
import backfill.demo.DemoServer;
import backfill.demo.Scale;
import backfill.plan.Plan;
import backfill.postgres.server.Database;
import backfill.postgres.server.NamedDatabases;
import backfill.postgres.server.NotReadyException;
import backfill.report.Command;
import backfill.report.Progress;
import backfill.report.Report;
import backfill.report.ReportBuilder;
import backfill.report.StepReport;
import backfill.report.Stopping;
import backfill.report.Summary;
import backfill.report.terminal.SideBySide;
import backfill.report.terminal.Terminal;
import backfill.run.Backfill;
import backfill.run.Loaded;
import backfill.run.Selection;
import backfill.spark.engine.Session;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The main job on a server of its own, twice: what a first run does, and that a rerun does nothing.
 */
final class Demo {
  private static final String PLAN = "defectdojo-authorized-users";

  private final Stopping stopping;
  private final Answer answer;
  private final PrintStream err;

  Demo(Stopping stopping, Answer answer) {
    this.stopping = stopping;
    this.answer = answer;
    this.err = answer.err();
  }

  int run(boolean keep) {
    long started = System.nanoTime();
    stopping.listen();
    PlanText text = PlanText.shipped(PLAN);
    Loaded loaded = Loaded.load(text.location(), text.text(), List.of(), Selection.ALL);
    Plan plan = loaded.plan();
    try (Session session = Session.start("backfill demo", plan.timeZone());
        DemoServer server = DemoServer.start()) {
      NamedDatabases databases =
          NamedDatabases.only(
              Database.fromEnvironment(
                  "BACKFILL", server.environment(), plan.settings().connectTimeout()));
      Counts counts = server.fill(Scale.SMALL);
      err.println("demo: " + counts.sentence());
      Report first = once(loaded, databases, session);
      if (first.stopped()) {
        err.println(
            "demo: to see all of it, run the same command again: "
                + CommandText.of(List.of("demo")));
        return answer.print(first);
      }
      Report second = once(loaded, databases, session);
      err.println();
      err.print(new SideBySide(column("first run", first), column("rerun", second)).text());
      err.printf(
          Locale.ROOT, "demo: %.1f s in all%n", (System.nanoTime() - started) / 1_000_000_000.0);
      if (keep) {
        server.keep();
        err.println(server.whatNext(CommandText.launcher(), PLAN));
      } else {
        err.println("The same with a server that stays, and how a plan is written. What next:");
        err.println("  " + CommandText.of(List.of("demo", "--keep")));
        err.println("  " + CommandText.of(List.of("help", "plan")));
      }
      answer.print(second);
      return Math.max(first.exitCode(), second.exitCode());
    } catch (NotReadyException e) {
      ReportBuilder report = Answer.begun("demo");
      answer.notReady(report, e);
      return answer.print(report.now());
    }
  }

  private Report once(Loaded loaded, NamedDatabases databases, Session session) {
    ReportBuilder report = Answer.begun(Command.RUN.toString());
    try (Progress progress = new Progress(loaded.plan().settings().progressEvery(), err, false)) {
      new Backfill(loaded, databases, session, report, progress, stopping).run(Command.RUN);
      report.lasts();
      progress.say(Summary.text(report.now(), Terminal.width()));
    }
    return report.now();
  }

  private static SideBySide.Column column(String heading, Report report) {
    List<SideBySide.Figure> figures = new ArrayList<>();
    figures.add(new SideBySide.Figure("status", report.status().toString()));
    for (StepReport step : report.steps()) {
      add(figures, step.name() + " planned", step.planned());
      add(figures, step.name() + " already present", step.alreadyPresent());
      add(figures, step.name() + " inserted", step.inserted());
      add(figures, step.name() + " set", step.updated());
      add(figures, step.name() + " missing", step.missing());
      add(figures, step.name() + " sequence values", step.sequenceValues());
    }
    figures.add(
        new SideBySide.Figure(
            "seconds", String.format(Locale.ROOT, "%.1f", report.timing().durationMs() / 1000.0)));
    return new SideBySide.Column(heading, figures);
  }

  private static void add(List<SideBySide.Figure> figures, String label, Long count) {
    if (count != null) {
      figures.add(new SideBySide.Figure(label, String.format(Locale.ROOT, "%,d", count)));
    }
  }
}
