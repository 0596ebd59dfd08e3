/**
 * The tables in which a run keeps what its batches did, and the lease that keeps other runs away.
 * It may use snapshots, the catalog and the server. Begin at {@code RunLedger}.
 */
package backfill.postgres.ledger;
