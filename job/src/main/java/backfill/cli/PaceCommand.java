package backfill.cli;

import backfill.plan.InvalidPlanException;
import backfill.plan.Plan;
import backfill.postgres.ledger.Asked;
import backfill.postgres.server.Database;
import backfill.postgres.server.NotReadyException;
import backfill.postgres.throttle.PaceRequest;
import backfill.postgres.throttle.PaceRequest.Kind;
import backfill.report.ReportBuilder;
import backfill.report.terminal.Terminal;
import java.util.List;
import java.util.Map;

/** The commands that reach into a running run: pause, unpause and pace. */
final class PaceCommand {
  private static final long MOST = 1_000_000_000;

  private final Map<String, String> environment;
  private final Answer answer;

  PaceCommand(Map<String, String> environment, Answer answer) {
    this.environment = environment;
    this.answer = answer;
  }

  /**
   * @param rowsPerSecond as the command line has it; null for the commands without it
   */
  int run(Kind kind, PaceOptions options, String rowsPerSecond) {
    ReportBuilder report = Answer.begun(kind.toString());
    report.named(options.plan);
    return answer.to(
        report, options.common.report, files -> ask(kind, options, rowsPerSecond, report));
  }

  private void ask(Kind kind, PaceOptions options, String rowsPerSecond, ReportBuilder report) {
    String rows = kind == Kind.PACE ? rows(rowsPerSecond) : null;
    Plan plan = PlanText.find(options.plan).plan(options.common.sets);
    report.about(plan.name(), plan.hash());
    if (!plan.settings().ledger().on()) {
      throw new NotReadyException(
          List.of(
              "plan %s keeps no ledger (ledger = off), and a running run is reached by nothing else; stop it, and run it with another throttle.rows-per-second"
                  .formatted(plan.name())));
    }
    Database database =
        Database.fromEnvironment("BACKFILL", environment, plan.settings().connectTimeout());
    if (Answer.loadsOnly()) {
      return;
    }
    PaceRequest.Entered entered =
        new PaceRequest(kind, rows, options.by)
            .enter(database, plan.settings().ledger().schema(), plan.name());
    report.asked(entered);
    Terminal.say(answer.err(), sentence(kind, plan, entered));
  }

  private static String sentence(Kind kind, Plan plan, PaceRequest.Entered entered) {
    String run = "run " + entered.runId() + " of plan " + plan.name();
    return switch (kind) {
      case PAUSE ->
          run
              + " pauses as soon as the batches in flight have ended; backfill unpause "
              + plan.name()
              + " lets it go on";
      case UNPAUSE -> run + " goes on, unless a signal of its throttle holds it";
      case PACE ->
          entered.rowsPerSecond().equals(Asked.OFF)
              ? run + " has no bound of its own any more; its throttle's signals still hold"
              : run
                  + " writes "
                  + entered.rowsPerSecond()
                  + " rows per second at most, from each writer's next batch on";
    };
  }

  private static String rows(String given) {
    String text = given.strip();
    if (text.equals(Asked.OFF)) {
      return text;
    }
    if (!text.matches("[0-9]{1,10}") || Long.parseLong(text) < 1 || Long.parseLong(text) > MOST) {
      throw new InvalidPlanException(
          "pace", "expected rows per second, 1 to " + MOST + ", or off, got " + given);
    }
    return String.valueOf(Long.parseLong(text));
  }
}
