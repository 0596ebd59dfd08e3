/**
 * Reading in a snapshot: scans, keyed reads, and the sources that are kept for several steps. It
 * may use queries and the engine. Begin at {@code Reading}.
 */
package backfill.spark.read;
