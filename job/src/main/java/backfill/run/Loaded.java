package backfill.run;

import backfill.plan.InvalidPlanException;
import backfill.plan.Plan;
import backfill.plan.PlanFile;
import backfill.plan.Step;
import backfill.report.Version;
import java.util.List;

/**
 * A plan that was loaded, and those of its steps that a command is about.
 *
 * @param steps in the plan's order
 */
public record Loaded(Plan plan, List<Step> steps) {
  public Loaded {
    steps = List.copyOf(steps);
  }

  /**
   * The stage load: what was written becomes records.
   *
   * @param location of the text, for messages
   * @param sets settings of the command line, {@code KEY=VALUE}
   * @throws InvalidPlanException with every problem at once
   */
  public static Loaded load(String location, String text, List<String> sets, Selection selection) {
    Plan plan = PlanFile.read(location, text, sets, Version.number());
    return new Loaded(plan, selection.of(plan));
  }
}
