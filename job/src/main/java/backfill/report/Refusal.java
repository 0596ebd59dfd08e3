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

  /**
   * @param byLimit whether that is a limit of the plan
   */
  public Refusal(Step step, String sentence, boolean byLimit) {
    this(step, sentence, byLimit ? RAISE : null);
  }
}
