package backfill.postgres;

/**
 * A trigger that fires for what a step writes.
 *
 * @param securityDefiner whether its function runs with its owner's rights, and not with ours
 */
record Trigger(String name, TableName function, boolean securityDefiner) {}
