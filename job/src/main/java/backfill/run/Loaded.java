package backfill.run;

import backfill.plan.InvalidPlanException;
import backfill.plan.Plan;
import backfill.plan.PlanFile;
import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.postgres.preflight.Purpose;
import backfill.report.ApprovedReport;
import backfill.report.Command;
import backfill.report.Version;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A plan that was loaded, and those of its steps that a command is about.
 *
 * @param steps in the plan's order
 * @param approved the dry run that approves a run; empty where none is given
 */
public record Loaded(Plan plan, List<Step> steps, Optional<ApprovedReport> approved) {
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
    return new Loaded(plan, selection.of(plan), Optional.empty());
  }

  /** The same, approved by a dry run, if there is one. */
  public Loaded approvedBy(Optional<ApprovedReport> report) {
    return new Loaded(plan, steps, report);
  }

  /** The same, written in this way. */
  public Loaded written(UnaryOperator<Settings.Write> how) {
    return new Loaded(plan.written(how), Plan.written(steps, how), approved);
  }

  /**
   * The plan as a command takes it: verify asks for nothing that must never happen.
   *
   * @throws InvalidPlanException naming a check that is about steps which were chosen, and about
   *     others
   */
  public Loaded as(Command command) {
    if (command.purpose == Purpose.VERIFY) {
      return new Loaded(plan.withoutNever(), steps, approved);
    }
    Selection.refuseHalves(plan.never(), steps);
    return this;
  }
}
