/**
 * Steps of pairs: flatten, diff and verify over sets of users. It may use what every step has, and
 * knows nothing of steps of rows. Begin at {@code PairsRun}.
 */
package backfill.spark.pairs;
