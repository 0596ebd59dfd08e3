package backfill.spark;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/**
 * The SparkSession, started on a thread of its own while preflight asks the server: its start is
 * half of a small run.
 */
public final class Session implements AutoCloseable {
  private final CompletableFuture<SparkSession> starting;

  private Session(CompletableFuture<SparkSession> starting) {
    this.starting = starting;
  }

  /** Begins to start it, or takes the one that is there. */
  public static Session start(String applicationName) {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    return new Session(
        CompletableFuture.supplyAsync(
            () -> {
              Thread.currentThread().setContextClassLoader(loader);
              return build(applicationName);
            },
            task -> daemon(task).start()));
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "spark-start");
    thread.setDaemon(true);
    return thread;
  }

  private static SparkSession build(String applicationName) {
    SparkConf conf = new SparkConf();
    conf.setAppName(applicationName);
    // spark-submit names a master; a run without it (a test, a debugger) is local.
    conf.setIfMissing("spark.master", "local[*]");
    // A timestamp means one instant, wherever the driver stands.
    conf.set("spark.sql.session.timeZone", "UTC");
    return SparkSession.builder().config(conf).getOrCreate();
  }

  /** The session, once it is ready. */
  public SparkSession get() {
    try {
      return starting.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  /** Stops it, and with it every connection of its tasks. */
  @Override
  public void close() {
    starting.thenAccept(SparkSession::stop);
  }
}
