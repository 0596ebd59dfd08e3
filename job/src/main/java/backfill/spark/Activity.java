package backfill.spark;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.SparkSession;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Counts rows read and rows written while a stage lasts, from what executors send with their
 * heartbeats: for the progress line alone. Written by Spark's listener thread, read by the one that
 * prints.
 */
public final class Activity extends SparkListener {
  /** What is counted. */
  public enum Rows {
    /** Rows that a source gave, or that Spark keeps. */
    READ("internal.metrics.input.recordsRead"),
    /** Rows in committed batches. */
    WRITTEN(RowsWritten.DESCRIPTION, "internal.metrics.output.recordsWritten"),
    /** Nothing. */
    NONE();

    private final Set<String> accumulators;

    Rows(String... accumulators) {
      this.accumulators = Set.of(accumulators);
    }
  }

  private final Map<Long, Long> rowsOfTask = new ConcurrentHashMap<>();
  private final AtomicLong finishedTasks = new AtomicLong();
  private volatile Rows counted = Rows.NONE;

  /** Listens to everything that this session's context runs. */
  public static Activity of(SparkSession spark) {
    Activity activity = new Activity();
    spark.sparkContext().addSparkListener(activity);
    return activity;
  }

  /** Stops listening. */
  public void detach(SparkSession spark) {
    spark.sparkContext().removeSparkListener(this);
  }

  /** Starts counting from 0. */
  public void count(Rows rows) {
    counted = rows;
    rowsOfTask.clear();
    finishedTasks.set(0);
  }

  /** Rows since counting started. */
  public long rows() {
    return rowsOfTask.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Tasks that ended since counting started: something moves even where no row is counted. */
  public long tasks() {
    return finishedTasks.get();
  }

  @Override
  public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
    CollectionConverters.asJava(update.accumUpdates())
        .forEach(task -> take((Long) task._1(), CollectionConverters.asJava(task._4())));
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd end) {
    finishedTasks.incrementAndGet();
    take(end.taskInfo().taskId(), CollectionConverters.asJava(end.taskInfo().accumulables()));
  }

  private void take(long task, Iterable<AccumulableInfo> updates) {
    for (AccumulableInfo update : updates) {
      if (update.name().isDefined()
          && counted.accumulators.contains(update.name().get())
          && update.update().isDefined()) {
        rowsOfTask.merge(task, Long.parseLong(update.update().get().toString()), Math::max);
      }
    }
  }
}
