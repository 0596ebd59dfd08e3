/**
 * What a step is for the run, whatever its kind: its stages, its counts, and what is told of its
 * diff. It may use the sink and what reads. Begin at {@code StepRun}, and then {@code ToldDiff}.
 */
package backfill.spark.step;
