/**
 * Steps of rows: the rows that a query gives, matched with the rows of the target by key. It may
 * use what every step has, and knows nothing of steps of pairs. Begin at {@code RowsRun}.
 */
package backfill.spark.rows;
