package backfill.postgres.throttle;

import backfill.plan.Throttle;
import backfill.postgres.ledger.Asked;
import backfill.postgres.server.ConnectionFailure;
import backfill.postgres.server.DaemonThread;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.OptionalLong;

/**
 * Holds one step's writers back: a thread with a connection of its own reads every signal about
 * once a second, decides, and says to all writers what they may do.
 */
final class StepThrottle {
  private static final long TICK_MILLIS = 1000;
  private static final int TICKS_BETWEEN_MEASURES = 5;
  private static final long PATIENCE_MILLIS = 3000;
  private static final double NANOS = 1e9;

  private final Throttling.Scope scope;
  private final Throttling.Writing writing;
  private final ActiveWriters writers;
  private final PaceChannel channel;
  private final LockWaits lockWaits;
  private final PaceState state;
  private final PaceControl control;
  private final WriterSearch search;
  private final long sinceNanos = System.nanoTime();
  private final Thread thread = DaemonThread.of("throttle", this::run);
  private Connection connection;
  private SignalReader reader;
  private List<PaceSignal> signals;
  private PaceNow published;
  private volatile boolean unreachable;
  private boolean bounded;
  private long ticks;
  private volatile boolean over;

  StepThrottle(
      Throttling.Scope scope,
      Throttling.Writing writing,
      ActiveWriters writers,
      PaceChannel channel,
      LockWaits lockWaits,
      PaceState state) {
    this.scope = scope;
    this.writing = writing;
    this.writers = writers;
    this.channel = channel;
    this.lockWaits = lockWaits;
    this.state = state;
    this.control = new PaceControl(writing.writers());
    this.search = new WriterSearch(writing.writers());
  }

  /** Reads once before it returns, and from then on by itself. */
  void start() {
    tick();
    thread.start();
  }

  /** Whether its signals could not be read when it last tried. */
  boolean isUnreachable() {
    return unreachable;
  }

  void stop() {
    over = true;
    thread.interrupt();
    try {
      thread.join(PATIENCE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      while (!over) {
        Thread.sleep(TICK_MILLIS);
        tick();
      }
    } catch (InterruptedException e) {
      // The writing is over.
    } finally {
      lastLook();
      disconnect();
    }
  }

  /** Reads, decides and says; a server that does not answer is asked again with the next. */
  private void tick() {
    try {
      connect();
      Asked asked = channel.asked(connection);
      List<SignalReading> readings = reader.read(signals);
      state.read(readings);
      decide(asked, readings);
      lockWaits.look(connection, System.nanoTime());
      unreachable = false;
      ticks++;
    } catch (SQLException e) {
      disconnect();
      if (!over && !unreachable) {
        unreachable = true;
        state.say("throttle: cannot read its signals: " + ConnectionFailure.oneLine(e));
      }
    }
  }

  private void lastLook() {
    try {
      if (connection != null) {
        lockWaits.look(connection, System.nanoTime());
        state.asked(channel.asked(connection));
      }
    } catch (SQLException e) {
      // What it saw before counts.
    }
  }

  private void decide(Asked asked, List<SignalReading> readings) throws SQLException {
    OptionalLong measured = measured(readings);
    long nanos = System.nanoTime();
    PaceControl.Decision decision = control.decide(readings, measured, nanos);
    OptionalLong rate = decision.rowsPerSecond();
    OptionalLong set = scope.throttle().most(Throttle.Bound.ROWS_PER_SECOND);
    if (set.isPresent() && asked.rowsPerSecond() == null) {
      rate = OptionalLong.of(Math.min(set.getAsLong(), rate.orElse(Long.MAX_VALUE)));
    }
    search(asked, readings, rate.isPresent(), nanos);
    int allowed = Math.min(decision.writers(), search.writers());
    PaceNow decided =
        new PaceNow(
            decision.paused(),
            decision.by().map(SignalReading::words).orElse(null),
            rate.isPresent() ? rate.getAsLong() : null,
            atWork(allowed),
            writers.held(allowed),
            writing.step(),
            writing.toWrite());
    if (!decided.equals(published)) {
      channel.publish(connection, decided);
      published = decided;
    }
    state.asked(asked);
    state.decided(
        decided, decision.by().filter(by -> by.level() == SignalReading.Level.PAUSE), nanos);
    sayBound(decision, decided);
  }

  /** Another writer may begin, where all that hold the writers back is how many they are. */
  private void search(Asked asked, List<SignalReading> readings, boolean bounded, long nanos)
      throws SQLException {
    if (!search.lasts()) {
      return;
    }
    boolean byHand =
        asked.paused() || asked.rowsPerSecond() != null && !asked.rowsPerSecond().equals(Asked.OFF);
    if (bounded || byHand || !areQuiet(readings) || writers.count() < search.writers()) {
      search.disturbed();
      return;
    }
    search
        .look(channel.rows(connection), nanos)
        .ifPresent(found -> state.say("write.writers = auto: " + found));
  }

  private static boolean areQuiet(List<SignalReading> readings) {
    return readings.stream().allMatch(each -> each.level() == SignalReading.Level.QUIET);
  }

  private OptionalLong measured(List<SignalReading> readings) throws SQLException {
    if (areQuiet(readings) && (!control.isBounded() || ticks % TICKS_BETWEEN_MEASURES != 0)) {
      return OptionalLong.empty();
    }
    return channel.rowsPerSecond(connection, (System.nanoTime() - sinceNanos) / NANOS);
  }

  /** Before the first has begun, as many as there will be. */
  private int atWork(int allowed) {
    int begun = writers.count();
    return Math.max(1, Math.min(allowed, begun == 0 ? writing.writers().first() : begun));
  }

  /** Where a bound of the signals begins, or ends. */
  private void sayBound(PaceControl.Decision decision, PaceNow decided) {
    boolean bound = decision.rowsPerSecond().isPresent();
    if (bound == bounded || decision.paused()) {
      return;
    }
    bounded = bound;
    state.say(
        bound
            ? "throttle: %,d rows/s, %s"
                .formatted(
                    decided.rowsPerSecond(),
                    decision.by().map(by -> "slowed by " + by.words()).orElse("to begin with"))
            : "throttle: all signals are quiet, nothing bounds the writers");
  }

  private void connect() throws SQLException {
    if (connection == null) {
      connection = scope.database().connect(scope.applicationName() + " throttle");
      connection.setAutoCommit(false);
      connection.setReadOnly(true);
      reader = new SignalReader(connection, scope.throttle().signalTimeout());
      signals =
          ServerSignals.of(
              scope.throttle(),
              scope.applicationName(),
              writing.targets(),
              SignalRights.listsQueue(connection),
              scope.inline());
    }
  }

  private void disconnect() {
    Connection closing = connection;
    connection = null;
    if (closing == null) {
      return;
    }
    try (closing) {
      if (over && published != null && !closing.isClosed()) {
        closing.rollback();
        channel.publish(closing, null);
      }
    } catch (SQLException e) {
      // Its run is over, or connects anew.
    }
  }
}
