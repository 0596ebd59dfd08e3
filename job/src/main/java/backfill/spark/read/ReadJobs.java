package backfill.spark.read;

import backfill.spark.engine.SettingsInTasks;
import backfill.spark.engine.SparkFailure;
import backfill.spark.engine.SparkJobs;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;

/**
 * Spark's jobs that read a database, several of them beside each other: tables that are small leave
 * most readers idle, and what is read next is planned meanwhile. Together they have at most as many
 * tasks, a connection each, as there may be readers; one that has more by itself runs alone. Used
 * by one thread, which is also the one that hears of the results.
 */
public final class ReadJobs {
  private final SparkSession spark;
  private final int readers;
  private final Deque<Read<?>> begun = new ArrayDeque<>();
  private int tasks;

  private record Read<T>(JavaFutureAction<List<T>> job, int tasks, Consumer<List<T>> then) {
    void await() throws ExecutionException, InterruptedException {
      then.accept(job.get());
    }
  }

  /**
   * @param spark whose settings hold in the tasks: Spark tells them only to those of its queries
   * @param readers tasks at a time, at most
   */
  ReadJobs(SparkSession spark, int readers) {
    this.spark = spark;
    this.readers = readers;
  }

  /**
   * Begins to compute these elements, as soon as there is room for it.
   *
   * @param then is told them, at the latest by {@link #finish}; reads finish in the order in which
   *     they began
   */
  public <T> void begin(JavaRDD<T> elements, Consumer<List<T>> then) {
    int needed = elements.getNumPartitions();
    while (!begun.isEmpty() && tasks + needed > readers) {
      finishFirst();
    }
    begun.add(new Read<>(SettingsInTasks.of(spark, () -> SparkJobs.begin(elements)), needed, then));
    tasks += needed;
  }

  /** Waits for everything that was begun; where a read fails, the others are given up. */
  public void finish() {
    while (!begun.isEmpty()) {
      finishFirst();
    }
  }

  private void finishFirst() {
    Read<?> first = begun.remove();
    tasks -= first.tasks();
    try {
      first.await();
    } catch (ExecutionException e) {
      throw SparkFailure.<RuntimeException>unchecked(e.getCause());
    } catch (InterruptedException e) {
      first.job().cancel(true);
      throw SparkFailure.<RuntimeException>unchecked(e);
    }
  }

  /** Gives up what was begun and is not finished. */
  void giveUp() {
    begun.forEach(read -> read.job().cancel(true));
    begun.clear();
    tasks = 0;
  }
}
