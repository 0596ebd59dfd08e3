/**
 * The Spark session, its settings, the signals that end a process, and what is kept in memory. It
 * may use the plan and the rooms of PostgreSQL. Begin at {@code Session}.
 */
package backfill.spark.engine;
