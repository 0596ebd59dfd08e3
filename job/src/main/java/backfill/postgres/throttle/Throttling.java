package backfill.postgres.throttle;

import backfill.plan.Settings;
import backfill.plan.Throttle;
import backfill.postgres.ledger.LedgerSlot;
import backfill.postgres.server.Database;
import backfill.postgres.server.TableName;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * The throttle of one run, on its driver: while a step writes, it reads the signals and says to all
 * writers what they may do; through the ledger, or without one to those in this process. It never
 * stands in a run's way otherwise: where it cannot reach the server, what it said last holds.
 */
public final class Throttling implements AutoCloseable {
  private final Scope scope;
  private final ActiveWriters writers = new ActiveWriters();
  private final PaceState state;
  private final PaceChannel channel;
  private final LockWaits lockWaits;
  private StepThrottle present;

  /**
   * Where a run writes, and what may hold it back.
   *
   * @param slot of the run in the ledger; empty without one
   * @param inline writes parameters into a query of the plan
   */
  public record Scope(
      Database database,
      String applicationName,
      Optional<LedgerSlot> slot,
      Throttle throttle,
      Duration lockTimeout,
      UnaryOperator<String> inline) {}

  /**
   * What is written.
   *
   * @param toWrite rows that it will be
   */
  public record Writing(
      String step, long toWrite, Settings.Writers writers, Collection<TableName> targets) {}

  /**
   * @param say is told whenever a pause or a bound begins or ends; by the throttle's thread
   */
  public Throttling(Scope scope, Consumer<String> say) {
    this.scope = scope;
    this.state = new PaceState(say);
    this.lockWaits = new LockWaits(scope.applicationName(), scope.lockTimeout());
    this.channel =
        scope.slot().isPresent()
            ? new PaceLedger(scope.slot().get())
            : LocalPacing.open(scope.applicationName());
  }

  /** The writers that are at work now: Spark tells of them. */
  public ActiveWriters writers() {
    return writers;
  }

  /** A step is about to be written: its signals are read once before this returns. */
  public synchronized void begin(Writing writing) {
    end();
    writers.clear();
    present = new StepThrottle(scope, writing, writers, channel, lockWaits, state);
    present.start();
  }

  /** It is written, or not any more. */
  public synchronized void end() {
    if (present != null) {
      present.stop();
      present = null;
      state.end();
    }
  }

  /** What holds the writers back now, with its reading; empty where nothing does. */
  public Optional<String> holds() {
    return state.holds();
  }

  /**
   * Whether a person or a signal pauses it now. Where the server cannot be asked it is for the
   * statement that comes next to find out what became of it.
   */
  public synchronized boolean isPaused() {
    return present != null && !present.isUnreachable() && state.isPaused();
  }

  /** How long the run's sessions waited for locks that they got, so far, to about a second. */
  public long lockWaitMillis() {
    return lockWaits.millis();
  }

  /** How far replicas are behind. */
  public ReplicaLag replicaLag() {
    return state.replicaLag();
  }

  /** What became of the run's pace so far. */
  public PaceSummary summary() {
    return state.summary();
  }

  @Override
  public synchronized void close() {
    end();
    channel.close();
  }
}
