package backfill.postgres.server;

/**
 * Makes threads that do not keep the process alive: each works beside the run, and ends with it.
 */
public final class DaemonThread {
  private DaemonThread() {}

  /** Not started yet. */
  public static Thread of(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }
}
