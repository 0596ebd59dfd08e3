package backfill.spark.source;

import backfill.plan.Amount;
import backfill.postgres.server.DaemonThread;
import backfill.postgres.server.TableName;
import backfill.postgres.snapshot.SnapshotAge;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.JobSucceeded$;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.apache.spark.scheduler.SparkListenerEvent;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.StageInfo;
import org.apache.spark.sql.execution.SQLExecution;
import org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionEnd;
import org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionStart;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The snapshots that one Spark application holds, each for as long as something may read in it: a
 * query until its execution ends, however it does; a job of no query until it ends and all was
 * read, or nothing was for a while; and none for longer than it may get old.
 *
 * <p>Events tell what ends. They come late, but in their order: what a snapshot is about to be used
 * for is put among them, right before the stage that uses it, and until it is seen there the
 * snapshot is not let go.
 */
final class OpenSnapshots extends SparkListener {
  private static final Map<SparkContext, OpenSnapshots> OF_CONTEXTS = new HashMap<>();
  private static final String EXECUTION = "spark.sql.execution.id";
  private static final long LOOK_MILLIS = 10_000;

  private final SparkContext context;
  private final Set<HeldSnapshot> open = new HashSet<>();
  private final Map<Integer, Set<Integer>> stagesOfJobs = new HashMap<>();
  private final Set<Long> running = new HashSet<>();
  private final List<Announced> next = new ArrayList<>();

  /**
   * Tasks of a scan are about to be sent.
   *
   * @param held what they read in
   */
  private record Announced(HeldSnapshot held, ReadPartitions read) implements SparkListenerEvent {
    /** It says nothing to those who read the log. */
    @Override
    public boolean logEvent() {
      return false;
    }
  }

  private OpenSnapshots(SparkContext context) {
    this.context = context;
  }

  static OpenSnapshots of(SparkContext context) {
    synchronized (OF_CONTEXTS) {
      OpenSnapshots known = OF_CONTEXTS.get(context);
      if (known == null) {
        known = new OpenSnapshots(context);
        context.addSparkListener(known);
        OF_CONTEXTS.put(context, known);
      }
      return known;
    }
  }

  /** The execution of a query in which this thread is. */
  Optional<Long> runningExecution() {
    return Optional.ofNullable(context.getLocalProperty(EXECUTION))
        .map(Long::valueOf)
        // A thread that was begun in one may outlive it.
        .filter(execution -> SQLExecution.getQueryExecution(execution) != null);
  }

  /** It is held from now on. */
  void add(HeldSnapshot held, TableName table, Duration maxAge) {
    String reason =
        "the snapshot of %s was not read within %s (option snapshot-max-age), and as long as it is held vacuum removes no row that was deleted since. Read faster, by more partitions or from a replica; read less; or allow more"
            .formatted(table, Amount.of(maxAge.toSeconds(), "second"));
    held.watch(SnapshotAge.watch(maxAge, List.of(held.snapshot()), () -> giveUp(held, reason)));
    synchronized (this) {
      if (open.isEmpty()) {
        DaemonThread.of("backfill-snapshots", this::lookNowAndThen).start();
      }
      open.add(held);
    }
  }

  private void giveUp(HeldSnapshot held, String reason) {
    List<Integer> jobs;
    synchronized (this) {
      held.tooOld(reason);
      jobs =
          stagesOfJobs.entrySet().stream()
              .filter(job -> job.getValue().stream().anyMatch(held.stages()::contains))
              .map(Map.Entry::getKey)
              .toList();
    }
    jobs.forEach(job -> context.cancelJob(job, reason));
  }

  /**
   * Notes that a scan reads in it.
   *
   * @param held null for none
   * @param execution of the query that will; null where a task is about to be sent
   * @return false if there is none that is held
   * @throws SourceException if it got too old, or if what the scan read in an earlier one would
   *     stand beside it
   */
  synchronized boolean use(
      HeldSnapshot held, ReadPartitions read, Long execution, int partition, TableName table) {
    boolean isHeld = held != null && open.contains(held);
    if (isHeld) {
      held.refuseOld();
    }
    if (read.mixesWith(partition, isHeld ? held : null)) {
      throw new SourceException(
          "rows of %s were read in snapshot %s, which was let go since, and are needed once more: a second snapshot would set rows of two moments side by side. Load the table anew; and fill a cache at once, as by count(), before something else reads it"
              .formatted(table, read.in().importing().id()));
    } else if (!isHeld) {
      return false;
    }
    if (execution != null) {
      running.add(execution);
      held.need(read, execution);
    } else {
      held.announce(read);
      read.give(partition, held);
      context.listenerBus().post(new Announced(held, read));
    }
    return true;
  }

  @Override
  public synchronized void onJobStart(SparkListenerJobStart job) {
    Set<Integer> stages = new HashSet<>();
    CollectionConverters.asJava(job.stageInfos()).forEach(stage -> stages.add(stage.stageId()));
    stagesOfJobs.put(job.jobId(), stages);
  }

  @Override
  public void onJobEnd(SparkListenerJobEnd job) {
    synchronized (this) {
      Set<Integer> stages = stagesOfJobs.remove(job.jobId());
      boolean succeeded = job.jobResult() == JobSucceeded$.MODULE$;
      if (stages != null) {
        open.stream()
            .filter(held -> held.stages().stream().anyMatch(stages::contains))
            .forEach(held -> held.used(succeeded));
      }
    }
    settle();
  }

  @Override
  public synchronized void onStageSubmitted(SparkListenerStageSubmitted submitted) {
    StageInfo stage = submitted.stageInfo();
    Long execution = execution(submitted.properties());
    for (Announced announced : next) {
      announced.held().read(announced.read(), stage.stageId(), execution);
      if (isKept(stage)) {
        announced.read().keep();
      }
    }
    next.clear();
  }

  /** Null where the query is not known to run. */
  private Long execution(Properties ofJob) {
    String id = ofJob == null ? null : ofJob.getProperty(EXECUTION);
    return id != null && running.contains(Long.valueOf(id)) ? Long.valueOf(id) : null;
  }

  private static boolean isKept(StageInfo stage) {
    return stage.shuffleDepId().isDefined()
        || CollectionConverters.asJava(stage.rddInfos()).stream()
            .anyMatch(rdd -> rdd.storageLevel().isValid());
  }

  @Override
  public void onOtherEvent(SparkListenerEvent event) {
    if (event instanceof Announced announced) {
      synchronized (this) {
        next.add(announced);
      }
    } else if (event instanceof SparkListenerSQLExecutionStart start) {
      synchronized (this) {
        running.add(start.executionId());
      }
    } else if (event instanceof SparkListenerSQLExecutionEnd end) {
      synchronized (this) {
        running.remove(end.executionId());
      }
      settle();
    }
  }

  @Override
  public void onApplicationEnd(SparkListenerApplicationEnd end) {
    synchronized (OF_CONTEXTS) {
      OF_CONTEXTS.remove(context);
    }
    synchronized (this) {
      running.clear();
      stagesOfJobs.clear();
      open.forEach(OpenSnapshots::release);
      open.clear();
    }
  }

  private void lookNowAndThen() {
    try {
      while (isAnyOpen()) {
        Thread.sleep(LOOK_MILLIS);
        settle();
      }
    } catch (InterruptedException e) {
      // The process ends.
    }
  }

  private synchronized boolean isAnyOpen() {
    return !open.isEmpty();
  }

  /** Lets go what nothing needs any more. */
  private synchronized void settle() {
    Set<Integer> active = new HashSet<>();
    stagesOfJobs.values().forEach(active::addAll);
    List<HeldSnapshot> unneeded =
        open.stream().filter(held -> !held.isNeeded(running, active)).toList();
    unneeded.forEach(open::remove);
    unneeded.forEach(OpenSnapshots::release);
  }

  private static void release(HeldSnapshot held) {
    DaemonThread.of("backfill-snapshot-release", held::release).start();
  }
}
