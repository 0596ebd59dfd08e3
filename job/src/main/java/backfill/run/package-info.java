/**
 * One run of a plan, from preflight to its end, and the guards that refuse a write. It may use the
 * report and the rooms of Spark and PostgreSQL, and knows neither a command line nor an option.
 * Begin at {@code Backfill}.
 */
package backfill.run;
