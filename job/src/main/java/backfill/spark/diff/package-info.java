/**
 * The access diff: every row that steps would add, set or take away, written by executors as parts
 * of one file, its order-free checksum, and two such files side by side. It may use the engine and
 * what reads Spark's cells. Begin at {@code DiffFile}.
 */
package backfill.spark.diff;
