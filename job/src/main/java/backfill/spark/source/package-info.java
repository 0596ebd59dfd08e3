/**
 * Reading by {@code spark.read.format("backfill")}: a table of PostgreSQL in ctid ranges of one
 * exported snapshot, which is held for as long as something reads in it. It may use the engine and
 * what is known of types. Begin at {@code LoadedTable}.
 */
package backfill.spark.source;
