/**
 * Exported snapshots, the locks that keep their tables, and the readers that work in them by COPY
 * and by key. It may use the catalog and the server. Begin at {@code Snapshot}.
 */
package backfill.postgres.snapshot;
