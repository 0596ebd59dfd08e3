package backfill.spark.engine;

import backfill.postgres.throttle.ActiveWriters;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/**
 * Tells the throttle which of a step's writers are at work: the tasks of the jobs that the thread
 * begins which opened this. Spark calls it by a thread of its own.
 */
public final class WriterTasks extends SparkListener implements AutoCloseable {
  private static final String PROPERTY = "backfill.throttle";

  private final SparkContext context;
  private final ActiveWriters writers;
  private final String run;
  private final Set<Integer> stages = ConcurrentHashMap.newKeySet();

  private WriterTasks(SparkContext context, ActiveWriters writers, String run) {
    this.context = context;
    this.writers = writers;
    this.run = run;
  }

  /**
   * From now on it tells.
   *
   * @param run what no other run in this session is called
   */
  public static WriterTasks of(Session session, ActiveWriters writers, String run) {
    WriterTasks tasks = new WriterTasks(session.get().sparkContext(), writers, run);
    tasks.context.setLocalProperty(PROPERTY, run);
    tasks.context.addSparkListener(tasks);
    return tasks;
  }

  @Override
  public void onStageSubmitted(SparkListenerStageSubmitted submitted) {
    Properties properties = submitted.properties();
    if (properties != null && run.equals(properties.getProperty(PROPERTY))) {
      stages.add(submitted.stageInfo().stageId());
    }
  }

  @Override
  public void onTaskStart(SparkListenerTaskStart start) {
    if (stages.contains(start.stageId())) {
      writers.begun(start.taskInfo().index());
    }
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd end) {
    if (stages.contains(end.stageId())) {
      writers.ended(end.taskInfo().index());
    }
  }

  @Override
  public void close() {
    context.setLocalProperty(PROPERTY, null);
    context.removeSparkListener(this);
  }
}
