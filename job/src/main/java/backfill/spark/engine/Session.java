package backfill.spark.engine;

import backfill.plan.InvalidPlanException;
import backfill.postgres.server.DaemonThread;
import backfill.postgres.server.SqlFailure;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;
import scala.Option;

/**
 * The SparkSession, started on a thread of its own while preflight asks the server: its start is
 * half of a small run.
 */
public final class Session implements AutoCloseable {
  private final CompletableFuture<Started> starting = new CompletableFuture<>();
  private final AtomicBoolean asked = new AtomicBoolean();
  private final String applicationName;
  private final String timeZone;

  private Session(String applicationName, String timeZone) {
    this.applicationName = applicationName;
    this.timeZone = timeZone;
  }

  /**
   * A session, and whether its context is stopped with it.
   *
   * @param ours false where a context was there already, which is left to what started it
   * @param overridden a sentence for each setting from outside that it does not have
   * @param atNanos when it was there, as {@link System#nanoTime} says
   */
  private record Started(
      SparkSession session, boolean ours, List<String> overridden, long atNanos) {
    Started(SparkSession session, boolean ours, List<String> overridden) {
      this(session, ours, overridden, System.nanoTime());
    }
  }

  /**
   * Begins to start it, or makes a session of its own in the context that is there.
   *
   * @param timeZone the plan's: what a moment without a zone means in its queries
   */
  public static Session start(String applicationName, String timeZone) {
    Session session = new Session(applicationName, timeZone);
    session.begin();
    return session;
  }

  /** For a run that may need none: it is started once someone asks for it. */
  public static Session whenAsked(String applicationName, String timeZone) {
    return new Session(applicationName, timeZone);
  }

  private void begin() {
    if (asked.getAndSet(true)) {
      return;
    }
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    DaemonThread.of(
            "spark-start",
            () -> {
              Thread.currentThread().setContextClassLoader(loader);
              try {
                starting.complete(build(applicationName, timeZone));
              } catch (
                  Throwable failure) { // NOPMD: the caller that asks for the session is to have it
                starting.completeExceptionally(failure);
              }
            })
        .start();
  }

  private static Started build(String applicationName, String timeZone) {
    EngineSettings settings = new EngineSettings(timeZone);
    Option<SparkSession> there = SparkSession.getDefaultSession();
    if (there.isDefined()) {
      // With settings of its own: those of the one that is there are another's.
      return new Started(
          settings.beside(there.get()),
          false,
          settings.overriddenBeside(EngineSettings.settings(there.get())));
    }
    SparkConf conf = new SparkConf();
    conf.setAppName(applicationName);
    // spark-submit names a master; a run without it (a test, a debugger) is local.
    conf.setIfMissing("spark.master", "local[*]");
    // Counts come with heartbeats; a progress line every 5 s wants fresher ones than every 10 s.
    conf.setIfMissing("spark.executor.heartbeatInterval", "2s");
    List<String> overridden = settings.overridden(EngineSettings.settings(conf));
    settings.applyTo(conf);
    // The context first: a builder would take from spark-submit again what was removed here.
    SparkContext.getOrCreate(conf);
    // Named, because the builder that asks whose session it is to be builds Scala's mirrors first.
    return new Started(
        org.apache.spark.sql.classic.SparkSession.builder().getOrCreate(), true, overridden);
  }

  /**
   * The session, once it is ready.
   *
   * @throws InvalidPlanException where Spark refuses its settings, a heap that is too small for one
   */
  public SparkSession get() {
    begin();
    try {
      return starting.get().session();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while Spark started");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IllegalArgumentException refused) {
        throw new InvalidPlanException(
            List.of(
                new InvalidPlanException.Problem(
                    "Spark", 0, "does not start: " + SqlFailure.oneLine(refused.getMessage()))));
      }
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new CompletionException(e.getCause());
    }
  }

  /**
   * What is to be said of settings from outside that the session does not have, because they would
   * change results; nothing before it is ready.
   */
  public List<String> overridden() {
    return starting.isDone() && !starting.isCompletedExceptionally()
        ? starting.join().overridden()
        : List.of();
  }

  /** When it was ready, as {@link System#nanoTime} says; nothing where it is not. */
  public OptionalLong readyAtNanos() {
    return starting.isDone() && !starting.isCompletedExceptionally()
        ? OptionalLong.of(starting.join().atNanos())
        : OptionalLong.empty();
  }

  /** Gives up every job that runs now; harmless before the start and after the end. */
  public void cancelJobs() {
    if (starting.isDone() && !starting.isCompletedExceptionally()) {
      Started started = starting.join();
      if (started.ours()) {
        // Pages about tasks that end as they were told to, between the few lines that matter.
        Configurator.setLevel("org.apache.spark", Level.OFF);
      }
      SparkContext context = started.session().sparkContext();
      if (!context.isStopped()) {
        context.cancelAllJobs();
      }
    }
  }

  /** Whether a cluster would start this driver again and again until it ends with 0. */
  public static boolean isSupervised() {
    SparkConf conf = new SparkConf();
    return conf.get("spark.submit.deployMode", "client").equals("cluster")
        && conf.getBoolean("spark.driver.supervise", false);
  }

  /** Whether Spark may start a second copy of a task that is slow. */
  public boolean speculates() {
    return get().sparkContext().getConf().getBoolean("spark.speculation", false);
  }

  /** Stops what it started, and with it every connection of its tasks. */
  @Override
  public void close() {
    starting.thenAccept(
        started -> {
          if (started.ours()) {
            started.session().stop();
          }
        });
  }
}
