package backfill.postgres.undo;

import backfill.plan.Settings;
import backfill.postgres.ledger.KeptBatch;
import backfill.postgres.server.DaemonThread;
import backfill.postgres.server.Database;
import backfill.postgres.write.BatchTransactions;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/**
 * Takes back batches over several connections at once. Two batches of a run have no key in common,
 * so that they do not wait for each other. Used by one thread.
 */
final class UndoWriters {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Database database;
  private final String applicationName;
  private final Settings settings;
  private final Work work;
  private UndoCounts counts = UndoCounts.NONE;
  private volatile boolean failed;

  /** What is done with one batch, over one connection. */
  @FunctionalInterface
  interface Work {
    UndoCounts of(BatchTransactions transactions, KeptBatch batch) throws SQLException;
  }

  UndoWriters(Database database, String applicationName, Settings settings, Work work) {
    this.database = database;
    this.applicationName = applicationName;
    this.settings = settings;
    this.work = work;
  }

  /**
   * Does it all.
   *
   * @param between called before each batch; what it throws ends the work there
   * @param seen told how many rows are done
   */
  void all(List<KeptBatch> batches, int writers, Runnable between, LongConsumer seen)
      throws SQLException {
    Queue<KeptBatch> open = new ConcurrentLinkedQueue<>(batches);
    ExecutorService threads =
        Executors.newFixedThreadPool(writers, task -> DaemonThread.of("undo", task));
    try {
      Callable<Void> writer =
          () -> {
            write(open, between, seen);
            return null;
          };
      List<Future<Void>> running =
          Stream.generate(() -> threads.submit(writer)).limit(writers).toList();
      Throwable failure = null;
      for (Future<Void> each : running) {
        try {
          each.get();
        } catch (ExecutionException e) {
          failure = failure == null ? e.getCause() : failure;
        }
      }
      rethrow(failure);
    } catch (InterruptedException e) {
      failed = true;
      endBatches(threads);
      between.run();
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted, and not asked to stop", e);
    } finally {
      threads.shutdownNow();
    }
  }

  /** The batches in flight may end. */
  private static void endBatches(ExecutorService threads) {
    threads.shutdown();
    try {
      threads.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      // Asked once more: what has not ended is ended by its session.
    }
  }

  /** What became of the rows of all batches that are done. */
  synchronized UndoCounts counts() {
    return counts;
  }

  private void write(Queue<KeptBatch> open, Runnable between, LongConsumer seen)
      throws SQLException {
    try (BatchTransactions transactions =
        new BatchTransactions(database, applicationName + " undo", settings.write().retryFor())) {
      transactions.gate().whileWaiting(between);
      while (!failed) {
        KeptBatch batch = open.poll();
        if (batch == null) {
          return;
        }
        between.run();
        add(work.of(transactions, batch), seen);
      }
    } catch (SQLException | RuntimeException e) {
      failed = true;
      throw e;
    }
  }

  private synchronized void add(UndoCounts more, LongConsumer seen) {
    counts = counts.plus(more);
    seen.accept(counts.rows());
  }

  private static void rethrow(Throwable failure) throws SQLException {
    if (failure instanceof SQLException sql) {
      throw sql;
    }
    if (failure instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    if (failure instanceof Error error) {
      throw error;
    }
  }
}
