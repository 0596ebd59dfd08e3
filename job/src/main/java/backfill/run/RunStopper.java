package backfill.run;

import backfill.postgres.server.DaemonThread;
import backfill.postgres.server.NamedDatabases;
import backfill.postgres.server.RunSessions;
import backfill.report.Progress;
import backfill.report.Stopping;
import backfill.spark.engine.Session;
import java.time.Duration;

/**
 * Brings one run to a standstill once it was asked to stop: tells Spark to give up its jobs, wakes
 * the run's own thread, and lets the batches in flight end. What has not ended after {@link
 * #PATIENCE} (it waits for a lock, say) is ended on the server, where no session of the run is left
 * then. Works on a thread of its own, because the run's may be the one that waits.
 */
final class RunStopper implements AutoCloseable {
  /** How long a batch in flight may take to its end. */
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  /** When everything must be over, the server's own work at the end of a session included. */
  private static final Duration LIMIT = Duration.ofMillis(4_500);

  private static final long POLL_MILLIS = 100;

  private final Stopping stopping;
  private final Session session;
  private final NamedDatabases databases;
  private final String applicationName;
  private final Progress progress;
  private final Thread work = DaemonThread.of("stop", this::stop);
  private final Runnable pulled = work::start;
  private Thread run = Thread.currentThread();
  private boolean woken;

  /** For a run of this thread, whose sessions' names begin like this. */
  RunStopper(
      Stopping stopping,
      Session session,
      NamedDatabases databases,
      String applicationName,
      Progress progress) {
    this.stopping = stopping;
    this.session = session;
    this.databases = databases;
    this.applicationName = applicationName;
    this.progress = progress;
  }

  /** The run begins; it may have been asked to stop already. */
  void ready() {
    stopping.onAsked(pulled);
  }

  private void stop() {
    long asked = System.nanoTime();
    String reason = stopping.reason().orElseThrow().what();
    progress.warn(reason + ": stopping; the batches in flight may end");
    int left = 1;
    try (RunSessions sessions = new RunSessions(databases, applicationName)) {
      while (since(asked).compareTo(LIMIT) < 0) {
        // Again and again: a job may have begun right after the last time.
        session.cancelJobs();
        boolean over = !wake();
        boolean patient = since(asked).compareTo(PATIENCE) < 0;
        left = (patient ? sessions.count() : sessions.end()).orElse(1);
        if (over && left == 0) {
          return;
        }
        Thread.sleep(POLL_MILLIS);
      }
    } catch (InterruptedException e) {
      // What is over is not waited for.
    }
    if (left > 0) {
      progress.warn(
          reason + ": the server still has sessions named \"" + applicationName + "\" of this run");
    }
  }

  private static Duration since(long nanos) {
    return Duration.ofNanos(System.nanoTime() - nanos);
  }

  /** Ends what the run's thread sleeps or waits on; false once it is not in the run any more. */
  private synchronized boolean wake() {
    if (run != null) {
      woken = true;
      run.interrupt();
    }
    return run != null;
  }

  /** The run is over; if it was stopped, waits for the standstill. */
  @Override
  public void close() {
    stopping.forget(pulled);
    synchronized (this) {
      run = null;
      if (woken) {
        // What comes now, the report first of all, is not to be broken off.
        Thread.interrupted();
      }
    }
    try {
      work.join(LIMIT.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
