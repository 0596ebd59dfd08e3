/**
 * The door for {@code spark-submit}. It may use the command line and the report; everything else is
 * in the rooms below. Begin at {@code Main}.
 */
package backfill;
