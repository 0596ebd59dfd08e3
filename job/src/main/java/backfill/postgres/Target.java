package backfill.postgres;

import java.util.List;

/**
 * A table that a step fills, and how rows are matched there.
 *
 * @param beforeTriggers names of the BEFORE row triggers that fire for what the step writes
 */
public record Target(Table table, Arbiter arbiter, List<String> beforeTriggers) {}
