/**
 * The Data Source V2 sink, both for {@code df.write.format("backfill")} and for the steps of a run.
 * It may use what reads and the engine. Begin at {@code BackfillSource}.
 */
package backfill.spark.sink;
