package backfill.report;

import backfill.plan.Step;

/**
 * Why a step, or the whole run, may not write.
 *
 * @param step null for what concerns all of them
 * @param sentence names the step, what it would go beyond, and both numbers
 * @param cure what to do if it is right all the same, or null
 */
public record Refusal(Step step, String sentence, String cure) {
  private static final String RAISE =
      "If a dry run (plan) shows that this is right, raise the limit";
  private static final String APPROVE =
      "Have a new dry run approved (backfill plan PLAN --report REPORT, then run PLAN --approved REPORT)";

  /** It would go beyond a limit of the plan. */
  public static Refusal byLimit(Step step, String sentence) {
    return new Refusal(step, sentence, RAISE);
  }

  /** It would do more, or something else, than was approved. */
  public static Refusal byApproval(Step step, String sentence) {
    return new Refusal(step, sentence, APPROVE);
  }

  /** It must not happen at all. */
  public static Refusal withoutCure(Step step, String sentence) {
    return new Refusal(step, sentence, null);
  }
}
