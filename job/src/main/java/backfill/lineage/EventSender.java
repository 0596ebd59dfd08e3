package backfill.lineage;

import backfill.postgres.server.DaemonThread;
import io.openlineage.client.OpenLineage;
import io.openlineage.client.OpenLineageClient;
import io.openlineage.client.transports.HttpTransportResponseException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * Sends a run's events one after the other on a thread of its own, so that nothing waits for them;
 * at the end it waits a few seconds, and gives up.
 */
final class EventSender {

  private final LineageTarget to;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(work -> DaemonThread.of("lineage", work));
  private final List<Future<?>> sent = new ArrayList<>();
  private OpenLineageClient client;

  EventSender(LineageTarget to) {
    this.to = to;
    // While preflight asks the servers: its classes take a while.
    thread.submit(this::begin);
  }

  void send(OpenLineage.RunEvent event) {
    sent.add(thread.submit(() -> emit(event)));
  }

  private OpenLineageClient begin() {
    if (client == null) {
      client = EventClient.of(to);
    }
    return client;
  }

  private void emit(OpenLineage.RunEvent event) {
    begin().emit(event);
  }

  /**
   * Nothing more is to be sent; what did not arrive by then is a warning.
   *
   * @param seconds to wait for it
   */
  void end(long seconds, Consumer<String> warn) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    try {
      for (Future<?> each : sent) {
        each.get(Math.max(1, end - System.nanoTime()), TimeUnit.NANOSECONDS);
      }
    } catch (ExecutionException e) {
      warn.accept(failed(why(e.getCause())));
    } catch (TimeoutException e) {
      warn.accept(failed("no answer within " + seconds + " s"));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      warn.accept(failed("the run was interrupted"));
    } finally {
      thread.shutdownNow();
    }
  }

  private String failed(String why) {
    return "lineage: the run's events did not reach " + to + ": " + why;
  }

  /** A message of the client's may hold what a server said, and where it is. */
  private static String why(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null && !(root instanceof HttpTransportResponseException)) {
      root = root.getCause();
    }
    return root instanceof HttpTransportResponseException answer
        ? "it answered " + answer.getStatusCode()
        : root.getClass().getSimpleName();
  }
}
