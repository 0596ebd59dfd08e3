package backfill.postgres.preflight;

/**
 * Why a step can only be looked at right before it runs: an earlier step makes what it needs.
 *
 * @param reason a sentence for people, which names that step
 * @param countable whether its rows can be counted before: all that it reads is there, and of its
 *     target what is not there counts as empty
 */
public record Deferred(String reason, boolean countable) {}
