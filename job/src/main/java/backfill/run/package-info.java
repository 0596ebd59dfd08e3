/**
 * One run of a plan, from preflight to its end, and the guards that refuse a write. It may use the
 * report and the rooms of Spark and PostgreSQL, and knows a command line only by the words of its
 * advice. Begin at {@code Backfill}.
 */
package backfill.run;
