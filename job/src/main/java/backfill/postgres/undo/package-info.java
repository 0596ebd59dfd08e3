/**
 * Taking back what a run wrote, by the keys that its batches left in the ledger. It may use what
 * writes, the ledger, the catalog and the server. Begin at {@code Undo}.
 */
package backfill.postgres.undo;
