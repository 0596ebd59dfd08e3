package backfill.cli;

import backfill.plan.InvalidPlanException;
import backfill.plan.Nearest;
import backfill.plan.Plan;
import backfill.plan.Step;
import backfill.postgres.explain.Asked;
import backfill.postgres.explain.Explanation;
import backfill.postgres.explain.PairExplainer;
import backfill.postgres.explain.RowExplainer;
import backfill.postgres.server.NamedDatabases;
import backfill.report.ExplainText;
import backfill.report.ReportBuilder;
import backfill.report.terminal.Terminal;
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
    return answer.to(report, options.common.report, files -> explain(options, report));
  }

  private void explain(ExplainOptions options, ReportBuilder report) {
    refuseMixed(options);
    Plan plan = PlanText.find(options.plan).plan(options.common.sets);
    Explanation explanation = options.key.isEmpty() ? pairs(plan, options) : rows(plan, options);
    print(explanation, options.sql);
    report.explained(plan, explanation.steps());
  }

  private void print(Explanation explanation, boolean sql) {
    ExplainText.lines(explanation, Terminal.width(answer.out())).forEach(answer.out()::println);
    if (sql) {
      answer.out().println();
      ExplainText.statements(explanation).forEach(answer.out()::println);
    }
  }

  private Explanation pairs(Plan plan, ExplainOptions options) {
    List<Step.Pairs> steps = steps(plan, options.step, Step.Pairs.class, "pairs");
    NamedDatabases databases =
        NamedDatabases.fromEnvironment(plan, List.copyOf(steps), environment);
    Asked asked = new Asked(options.object, options.user, options.limit);
    return PairExplainer.of(plan, steps, databases, asked);
  }

  /** What gives a row is not looked at, so that only main is asked. */
  private Explanation rows(Plan plan, ExplainOptions options) {
    List<Step.Rows> steps = steps(plan, options.step, Step.Rows.class, "rows");
    NamedDatabases databases = NamedDatabases.fromEnvironment(plan, List.of(), environment);
    return RowExplainer.of(plan, steps, databases, options.key);
  }

  private static void refuseMixed(ExplainOptions options) {
    boolean pairs = options.object != null || options.user != null;
    if (!pairs && options.key.isEmpty()) {
      throw invalid(
          "--object and --user are both missing; give the keys of a pair, or one of them to count what it has, or --key for a row");
    }
    if (pairs && !options.key.isEmpty()) {
      throw invalid(
          "--key is of a row, and --object and --user of a pair; give the one or the other");
    }
    if (options.limit < 1) {
      throw invalid("--limit must be at least 1, got " + options.limit);
    }
  }

  private static <S extends Step> List<S> steps(
      Plan plan, String only, Class<S> kind, String kindInWords) {
    List<String> names = plan.steps().stream().map(Step::name).toList();
    if (only != null && !names.contains(only)) {
      throw invalid(
          "the plan has no step %s; it has %s%s"
              .formatted(only, String.join(", ", names), Nearest.hint(only, names)));
    }
    List<S> steps =
        plan.steps().stream()
            .filter(kind::isInstance)
            .map(kind::cast)
            .filter(step -> only == null || step.name().equals(only))
            .toList();
    if (steps.isEmpty()) {
      throw invalid(
          "%s of kind %s; --object and --user are for pairs, --key is for rows"
              .formatted(
                  only == null
                      ? "no step of plan " + plan.name() + " is"
                      : "step " + only + " is not",
                  kindInWords));
    }
    return steps;
  }

  private static InvalidPlanException invalid(String message) {
    return new InvalidPlanException("explain", message);
  }
}
