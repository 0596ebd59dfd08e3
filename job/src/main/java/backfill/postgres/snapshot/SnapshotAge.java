package backfill.postgres.snapshot;

import backfill.postgres.server.DaemonThread;
import java.time.Duration;
import java.util.Collection;
import java.util.List;

/**
 * Ends what is read in some snapshots once the first of them is too old: for as long as one is
 * held, vacuum removes no row of its database that was deleted since. On a thread of its own,
 * because the run's waits for what is read.
 */
public final class SnapshotAge implements AutoCloseable {
  private static final long POLL_MILLIS = 200;

  /** How long a server may take that does not answer. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Duration most;
  private final List<Snapshot> snapshots;
  private final Runnable giveUp;
  private final Thread ending = DaemonThread.of("snapshot-end", this::end);
  private boolean over;
  private boolean closed;

  private SnapshotAge(Duration most, Collection<Snapshot> snapshots, Runnable giveUp) {
    this.most = most;
    this.snapshots = List.copyOf(snapshots);
    this.giveUp = giveUp;
  }

  /**
   * Begins to watch them.
   *
   * @param most how long one may be held
   * @param giveUp ends the jobs that read; called again and again until this is closed
   */
  public static SnapshotAge watch(Duration most, Collection<Snapshot> snapshots, Runnable giveUp) {
    SnapshotAge age = new SnapshotAge(most, snapshots, giveUp);
    DaemonThread.of("snapshot-age", age::await).start();
    return age;
  }

  private void await() {
    try {
      if (!closedWithin(left()) && isOverNow()) {
        // The exporter may itself be in the middle of a statement, which is cancelled here.
        ending.start();
        do {
          jobs();
          snapshots.forEach(Snapshot::cancel);
        } while (!closedWithin(Duration.ofMillis(POLL_MILLIS)));
      }
    } catch (InterruptedException e) {
      // The process ends.
    }
  }

  private synchronized boolean isOverNow() {
    over = !closed;
    return over;
  }

  private void end() {
    snapshots.forEach(Snapshot::end);
  }

  private Duration left() {
    return most.minus(
        snapshots.stream().map(Snapshot::held).max(Duration::compareTo).orElse(Duration.ZERO));
  }

  private synchronized boolean closedWithin(Duration time) throws InterruptedException {
    long end = System.nanoTime() + time.toNanos();
    for (long left = time.toNanos(); !closed && left > 0; left = end - System.nanoTime()) {
      wait(left / 1_000_000 + 1);
    }
    return closed;
  }

  /** What begins once this is closed is another's. */
  private synchronized void jobs() {
    if (!closed) {
      giveUp.run();
    }
  }

  /** Whether they were too old before this was closed. */
  public synchronized boolean isOver() {
    return over;
  }

  /** What was to be read is read, or was given up; then the sessions that read it have ended. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    try {
      ending.join(PATIENCE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
