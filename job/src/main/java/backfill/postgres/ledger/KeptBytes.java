package backfill.postgres.ledger;

/**
 * What the ledger keeps of the rows that a step changed.
 *
 * @param bytes what it takes
 * @param without rows of which nothing is kept
 */
public record KeptBytes(long bytes, long without) {}
