package backfill.run;

import backfill.plan.Settings;
import backfill.plan.Step;
import backfill.postgres.server.Parameters;
import backfill.postgres.server.TableName;
import backfill.postgres.throttle.Throttling;
import backfill.report.StepReportBuilder;
import backfill.spark.engine.WriterTasks;
import java.util.List;
import java.util.concurrent.CancellationException;

/**
 * The throttle of a run: at work while a step writes, and in the progress line and the report. Used
 * by the run's own thread.
 */
final class RunThrottle implements AutoCloseable {
  /** Statements of a moment each are not preceded by a look at the signals each. */
  private static final long STILL_QUIET_NANOS = 1_000_000_000L;

  private static final long LOOK_MILLIS = 100;

  private final RunScope run;
  private final String now;
  private Throttling throttling;
  private Long quietNanos;

  /**
   * @param now the run's {@code :now}
   */
  RunThrottle(RunScope run, String now) {
    this.run = run;
    this.now = now;
  }

  /** Does a step's writing under it. */
  <E extends Exception> void during(
      Step step,
      TableName target,
      Settings.Write write,
      long toWrite,
      StepReportBuilder.Work<E> work)
      throws E {
    if (toWrite == 0) {
      work.run();
      return;
    }
    Settings.Writers writers =
        step instanceof Step.Fill ? write.parallel() : new Settings.Writers(1, 1);
    Throttling at = open(step);
    long waitedBefore = at.lockWaitMillis();
    at.begin(new Throttling.Writing(step.name(), toWrite, writers, List.of(target)));
    run.progress.throttledBy(at::holds);
    run.audience.tell(listener -> listener.writes(at::replicaLag));
    WriterTasks tasks =
        step instanceof Step.Fill
            ? WriterTasks.of(run.session, at.writers(), run.applicationName)
            : null;
    try {
      work.run();
    } finally {
      if (tasks != null) {
        tasks.close();
      }
      at.end();
      run.progress.throttledBy(null);
      run.reportOf(step).waitedForLocks(at.lockWaitMillis() - waitedBefore);
      run.report.paced(at.summary());
    }
  }

  /**
   * Holds a statement that changes the schema back as long as a person or a signal pauses the run.
   *
   * @return whether it waited, so that what is to be done may be different now
   */
  boolean hold(Step.Ddl step) {
    run.stopping.check();
    if (quietNanos != null && System.nanoTime() - quietNanos < STILL_QUIET_NANOS) {
      run.reportOf(step).held(0);
      return false;
    }
    Throttling at = open(step);
    at.begin(new Throttling.Writing(step.name(), 0, new Settings.Writers(1, 1), List.of()));
    run.progress.throttledBy(at::holds);
    long began = System.nanoTime();
    boolean held = at.isPaused();
    try {
      while (at.isPaused()) {
        run.stopping.check();
        sleep();
      }
    } finally {
      at.end();
      quietNanos = System.nanoTime();
      run.progress.throttledBy(null);
      run.reportOf(step).held(held ? quietNanos - began : 0);
      run.report.paced(at.summary());
    }
    return held;
  }

  private void sleep() {
    try {
      Thread.sleep(LOOK_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      run.stopping.check();
      throw new CancellationException("ended while the throttle held a statement back");
    }
  }

  private Throttling open(Step step) {
    if (throttling == null) {
      throttling =
          new Throttling(
              new Throttling.Scope(
                  run.database,
                  run.applicationName,
                  run.ledger().slot(step.name()),
                  run.plan.settings().throttle(),
                  run.plan.settings().lockTimeout(),
                  sql -> Parameters.inline(sql, run.plan.params(), now)),
              run.progress::say);
    }
    return throttling;
  }

  @Override
  public void close() {
    if (throttling != null) {
      throttling.close();
    }
  }
}
