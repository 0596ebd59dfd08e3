package backfill.run;

import backfill.plan.InvalidPlanException;
import backfill.plan.Never;
import backfill.plan.Plan;
import backfill.plan.Step;
import java.util.ArrayList;
import java.util.List;

/**
 * Which steps of a plan a command runs.
 *
 * @param only these steps alone; empty for all
 * @param from the first one, or null
 * @param until the last one, or null
 */
public record Selection(List<String> only, String from, String until) {
  public static final Selection ALL = new Selection(List.of(), null, null);

  /**
   * The chosen steps, in the plan's order.
   *
   * @throws InvalidPlanException naming a step that the plan does not have
   */
  List<Step> of(Plan plan) {
    List<String> names = plan.steps().stream().map(Step::name).toList();
    List<InvalidPlanException.Problem> problems = new ArrayList<>();
    only.forEach(step -> check("--only", step, names, problems));
    int first = from == null ? 0 : check("--from", from, names, problems);
    int last = until == null ? names.size() - 1 : check("--until", until, names, problems);
    if (problems.isEmpty() && first > last) {
      problems.add(
          new InvalidPlanException.Problem(
              "--from", 0, "step " + from + " comes after step " + until + " of --until"));
    }
    if (!problems.isEmpty()) {
      throw new InvalidPlanException(problems);
    }
    return plan.steps().subList(first, last + 1).stream()
        .filter(step -> only.isEmpty() || only.contains(step.name()))
        .toList();
  }

  /**
   * Without the rows of a step that is left out, a check of these and others would let through what
   * the next run, of that step alone, would let through, too.
   */
  static void refuseHalves(List<Never> checks, List<Step> steps) {
    List<InvalidPlanException.Problem> problems = new ArrayList<>();
    for (Never check : checks) {
      List<String> about =
          check.relations().stream().map(relation -> relation.step().name()).distinct().toList();
      List<String> chosen = steps.stream().map(Step::name).filter(about::contains).toList();
      if (!chosen.isEmpty() && chosen.size() < about.size()) {
        problems.add(
            new InvalidPlanException.Problem(
                "--only, --from, --until",
                0,
                "never %s is asked of what the steps %s would do together, and only %s chosen; choose all of them"
                    .formatted(
                        check.name(),
                        String.join(", ", about),
                        String.join(", ", chosen) + (chosen.size() == 1 ? " is" : " are"))));
      }
    }
    if (!problems.isEmpty()) {
      throw new InvalidPlanException(problems);
    }
  }

  private static int check(
      String option, String step, List<String> names, List<InvalidPlanException.Problem> problems) {
    int place = names.indexOf(step);
    if (place < 0) {
      problems.add(
          new InvalidPlanException.Problem(
              option, 0, "the plan has no step " + step + "; it has " + String.join(", ", names)));
    }
    return place;
  }
}
