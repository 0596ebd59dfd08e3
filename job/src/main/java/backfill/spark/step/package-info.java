/**
 * What a step is for the run, whatever its kind: its stages, its counts, its gains and losses. It
 * may use the sink and what reads. Begin at {@code StepRun}.
 */
package backfill.spark.step;
