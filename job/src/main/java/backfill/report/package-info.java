/**
 * What people and programs are told: the report, its summary, the progress lines and the exit
 * codes. It may use what Spark and PostgreSQL count, and starts nothing itself. Begin at {@code
 * Report}.
 */
package backfill.report;
