package backfill.cli;

import backfill.plan.InvalidPlanException;
import backfill.plan.Nearest;
import backfill.plan.Plan;
import backfill.plan.PlanFile;
import backfill.plan.Step;
import backfill.postgres.explain.Asked;
import backfill.postgres.explain.Explanation;
import backfill.postgres.explain.PairExplainer;
import backfill.postgres.server.NamedDatabases;
import backfill.postgres.server.NotReadyException;
import backfill.report.ExitCode;
import backfill.report.ExplainText;
import backfill.report.Report;
import backfill.report.ReportBuilder;
import backfill.report.ReportTargets;
import backfill.report.Stage;
import backfill.report.Terminal;
import backfill.report.Version;
import java.util.List;
import java.util.Map;

/** The command that says why a user may see an object, and which run wrote it; starts no engine. */
final class ExplainCommand {
  private final Map<String, String> environment;
  private final Answer answer;

  ExplainCommand(Map<String, String> environment, Answer answer) {
    this.environment = environment;
    this.answer = answer;
  }

  int run(ExplainOptions options) {
    ReportBuilder report = Answer.begun("explain");
    report.named(options.plan);
    ReportTargets targets = null;
    try {
      targets = new ReportTargets(options.common.reports);
      Asked asked = asked(options);
      PlanText text = PlanText.find(options.plan);
      Plan plan =
          PlanFile.read(text.location(), text.text(), options.common.sets, Version.number());
      List<Step.Pairs> steps = steps(plan, options.step);
      NamedDatabases databases =
          NamedDatabases.fromEnvironment(plan, List.copyOf(steps), environment);
      Explanation explanation = PairExplainer.of(plan, steps, databases, asked);
      print(explanation, options.sql);
      report.explained(plan, explanation.steps());
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

  private void print(Explanation explanation, boolean sql) {
    ExplainText.lines(explanation, Terminal.width(answer.out())).forEach(answer.out()::println);
    if (sql) {
      answer.out().println();
      ExplainText.statements(explanation).forEach(answer.out()::println);
    }
  }

  private static Asked asked(ExplainOptions options) {
    if (options.object == null && options.user == null) {
      throw invalid(
          "--object and --user are both missing; give the keys of a pair, or one of them to count what it has");
    }
    if (options.limit < 1) {
      throw invalid("--limit must be at least 1, got " + options.limit);
    }
    return new Asked(options.object, options.user, options.limit);
  }

  private static List<Step.Pairs> steps(Plan plan, String only) {
    List<String> names = plan.steps().stream().map(Step::name).toList();
    if (only != null && !names.contains(only)) {
      throw invalid(
          "the plan has no step %s; it has %s%s"
              .formatted(only, String.join(", ", names), Nearest.hint(only, names)));
    }
    List<Step.Pairs> steps =
        plan.steps().stream()
            .filter(Step.Pairs.class::isInstance)
            .map(Step.Pairs.class::cast)
            .filter(step -> only == null || step.name().equals(only))
            .toList();
    if (steps.isEmpty()) {
      throw invalid(
          "%s is of no kind that explain knows; it explains steps of pairs"
              .formatted(only == null ? "no step of plan " + plan.name() : "step " + only));
    }
    return steps;
  }

  private static InvalidPlanException invalid(String message) {
    return new InvalidPlanException(
        List.of(new InvalidPlanException.Problem("explain", 0, message)));
  }
}
