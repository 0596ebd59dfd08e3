package backfill.spark.engine;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.SparkSession;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Counts rows read and rows written while a stage lasts, from what executors send with their
 * heartbeats: for the progress line only. Written by Spark's listener thread, read by the one that
 * prints.
 */
public final class Activity extends SparkListener {
  private static final String RECORDS_READ = "internal.metrics.input.recordsRead";
  private static final String BYTES_READ = "internal.metrics.input.bytesRead";
  private static final String RECORDS_WRITTEN = "internal.metrics.output.recordsWritten";
  private static final String DESCRIPTION = "spark.job.description";

  /** What is counted. */
  public enum Rows {
    /** Rows that a database gave. */
    READ,
    /** Rows in committed batches. */
    WRITTEN,
    /** Nothing. */
    NONE
  }

  /**
   * What was under way at one moment.
   *
   * @param what the descriptions of the jobs that run, in the order in which they began
   * @param rows of these jobs, where rows are read; else all since counting started
   * @param allRows since counting started, of jobs that are over, too
   * @param tasksDone of the stages that began since counting started
   */
  public record Seen(List<String> what, long rows, long allRows, long tasksDone, long tasks) {}

  /**
   * A stage of Spark's.
   *
   * @param counters an executor's accumulators have no names in a local run: their ids, to names
   */
  private record Running(String what, Map<Long, String> counters) {}

  private record Counted(String what, long rows) {}

  private final Map<Integer, Running> running = new LinkedHashMap<>();
  private final Map<Long, Counted> tasks = new HashMap<>();
  private long tasksDone;
  private long tasksBegun;
  private Rows counting = Rows.NONE;

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

  /** Starts counting from 0; several reads beside each other go on, each with its own rows. */
  public synchronized void count(Rows rows) {
    if (rows != Rows.READ || counting != Rows.READ) {
      tasks.clear();
    }
    counting = rows;
    tasksDone = 0;
    tasksBegun = 0;
  }

  /** What is under way now. */
  public synchronized Seen seen() {
    List<String> what = running.values().stream().map(Running::what).distinct().toList();
    long rows =
        tasks.values().stream()
            .filter(task -> counting != Rows.READ || what.contains(task.what()))
            .mapToLong(Counted::rows)
            .sum();
    long all = tasks.values().stream().mapToLong(Counted::rows).sum();
    return new Seen(what, rows, all, Math.min(tasksDone, tasksBegun), tasksBegun);
  }

  @Override
  public synchronized void onStageSubmitted(SparkListenerStageSubmitted submitted) {
    var stage = submitted.stageInfo();
    Map<Long, String> counters = new HashMap<>();
    for (String name : List.of(RECORDS_READ, BYTES_READ, RECORDS_WRITTEN)) {
      counters.put(stage.taskMetrics().nameToAccums().apply(name).id(), name);
    }
    Properties properties = submitted.properties();
    String what = properties == null ? null : properties.getProperty(DESCRIPTION);
    running.put(stage.stageId(), new Running(what == null ? "" : what, counters));
    tasksBegun += stage.numTasks();
  }

  @Override
  public synchronized void onStageCompleted(SparkListenerStageCompleted completed) {
    running.remove(completed.stageInfo().stageId());
  }

  @Override
  public synchronized void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
    CollectionConverters.asJava(update.accumUpdates())
        .forEach(
            task ->
                take(
                    (Long) task._1(), (Integer) task._2(), CollectionConverters.asJava(task._4())));
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
    tasksDone++;
    take(
        end.taskInfo().taskId(),
        end.stageId(),
        CollectionConverters.asJava(end.taskInfo().accumulables()));
  }

  private void take(long task, int stageId, Iterable<AccumulableInfo> updates) {
    Running stage = running.get(stageId);
    if (stage == null) {
      return;
    }
    Map<String, Long> numbers = new HashMap<>();
    for (AccumulableInfo update : updates) {
      String name = stage.counters().get(update.id());
      if (name == null && update.name().isDefined()) {
        name = update.name().get();
      }
      if (name != null && update.update().isDefined()) {
        numbers.put(name, Long.valueOf(update.update().get().toString()));
      }
    }
    long rows = rows(numbers);
    if (rows > 0) {
      tasks.merge(
          task,
          new Counted(stage.what(), rows),
          (one, other) -> one.rows() > other.rows() ? one : other);
    }
  }

  private long rows(Map<String, Long> numbers) {
    return switch (counting) {
      // What Spark kept is read again by the block, and has a size; a database's rows have none.
      case READ ->
          numbers.getOrDefault(BYTES_READ, 0L) > 0 ? 0 : numbers.getOrDefault(RECORDS_READ, 0L);
      case WRITTEN ->
          Math.max(
              numbers.getOrDefault(RECORDS_WRITTEN, 0L),
              numbers.getOrDefault(WrittenRowsMetric.DESCRIPTION, 0L));
      case NONE -> 0;
    };
  }
}
