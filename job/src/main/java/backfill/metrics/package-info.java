/**
 * The metrics of a run: their names and values, what Spark's metrics system shows of them while it
 * lasts, and how they are sent at its end. It may use the report, Spark's engine and what lies
 * under them. Begin at {@code RunMetric}.
 */
package backfill.metrics;
