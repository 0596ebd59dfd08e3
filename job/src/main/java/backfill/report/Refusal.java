package backfill.report;

import backfill.plan.Step;

/**
 * Why a step may not write.
 *
 * @param sentence names the step, what it would go beyond, and both numbers
 * @param byLimit whether that is a limit of the plan
 */
public record Refusal(Step step, String sentence, boolean byLimit) {}
