package backfill.spark.diff;

import org.apache.spark.api.java.JavaRDD;

/**
 * The rows that one step would add, set or take away, in the order of their keys; made when they
 * are asked for, and kept nowhere.
 */
public record StepDiff(DiffShape shape, JavaRDD<RowChange> rows) {}
