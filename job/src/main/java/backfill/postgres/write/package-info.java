/**
 * A batch on its way into a table: copied, tried, halved, counted, rejected; and what the table
 * needs after the last one, statistics and VACUUM. It may use the ledger, the catalog and the
 * server. Begin at {@code BatchWriter}; {@code WriteTarget} holds all that a writer must know.
 */
package backfill.postgres.write;
