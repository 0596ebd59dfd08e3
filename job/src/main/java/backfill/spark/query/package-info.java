/**
 * What a plan's queries and views mean to Spark: their columns, the uses of each value, and what a
 * query may not do. It may use the engine and the rooms of PostgreSQL. Begin at {@code
 * PlanQueries}.
 */
package backfill.spark.query;
