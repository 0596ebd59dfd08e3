package backfill.report;

import backfill.plan.StopAfter;
import backfill.postgres.server.DaemonThread;
import backfill.spark.engine.Signals;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/**
 * Holds whether this process was asked to end its run between two batches, and by what. Any thread
 * may ask; the first one counts, and asking again changes nothing.
 */
public final class Stopping {
  private final Consumer<Consumer<String>> signals;
  private final List<Runnable> listeners = new ArrayList<>();
  private Reason reason;
  private long askedNanos;

  /**
   * @param what who asked, as in {@code SIGTERM}
   * @param code what the process ends with
   */
  public record Reason(String what, ExitCode code) {}

  private Stopping(Consumer<Consumer<String>> signals) {
    this.signals = signals;
  }

  /** Asked by the process's signals, once {@link #listen} is called. */
  public static Stopping bySignals() {
    return new Stopping(Signals::listen);
  }

  /** Asked by its owner. */
  public static Stopping byHand() {
    return new Stopping(told -> {});
  }

  /** Something begins that can be stopped; until now a signal simply ended the process. */
  public void listen() {
    signals.accept(this::signal);
  }

  private void signal(String name) {
    ask(new Reason("SIG" + name, name.equals("INT") ? ExitCode.INTERRUPTED : ExitCode.STOPPED));
  }

  /** Asks at this moment, which may be over already. */
  public void at(Instant deadline) {
    Reason over = new Reason(StopAfter.KEY, ExitCode.STOPPED);
    long millis = Duration.between(Instant.now(), deadline).toMillis();
    if (millis <= 0) {
      ask(over);
      return;
    }
    Thread timer =
        DaemonThread.of(
            StopAfter.KEY,
            () -> {
              try {
                Thread.sleep(millis);
                ask(over);
              } catch (InterruptedException e) {
                // It is over before its time.
              }
            });
    timer.start();
  }

  /** Asks now. */
  public void ask(Reason asked) {
    List<Runnable> told;
    synchronized (this) {
      if (reason != null) {
        return;
      }
      reason = asked;
      askedNanos = System.nanoTime();
      told = List.copyOf(listeners);
    }
    told.forEach(Runnable::run);
  }

  /** Calls this once someone asks, at once if someone has. */
  public void onAsked(Runnable listener) {
    synchronized (this) {
      listeners.add(listener);
      if (reason == null) {
        return;
      }
    }
    listener.run();
  }

  /** Is not interested any more. */
  public synchronized void forget(Runnable listener) {
    listeners.remove(listener);
  }

  /** Why it must end; empty where it may go on. */
  public synchronized Optional<Reason> reason() {
    return Optional.ofNullable(reason);
  }

  /** What is left of so long since it was asked to end; empty where it may go on. */
  public synchronized Optional<Duration> left(Duration within) {
    return reason().map(asked -> within.minusNanos(System.nanoTime() - askedNanos));
  }

  /**
   * @throws CancellationException where it must end
   */
  public void check() {
    reason()
        .ifPresent(
            asked -> {
              throw new CancellationException("stopped by " + asked.what());
            });
  }
}
