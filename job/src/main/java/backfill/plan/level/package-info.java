/**
 * The levels of a step of pairs, as a plan gives them. It uses no other room. Begin at {@code
 * LevelOrder}.
 */
package backfill.plan.level;
