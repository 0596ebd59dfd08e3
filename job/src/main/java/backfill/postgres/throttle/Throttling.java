package backfill.postgres.throttle;

import backfill.plan.Settings;
import backfill.plan.Throttle;
import backfill.postgres.ledger.Asked;
import backfill.postgres.ledger.LedgerSlot;
import backfill.postgres.server.ConnectionFailure;
import backfill.postgres.server.DaemonThread;
import backfill.postgres.server.Database;
import backfill.postgres.server.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * The throttle of one run, on its driver: while a step writes, a thread with a connection of its
 * own reads every signal about once a second, decides, and says to all writers what they may do;
 * through the ledger, or without one to those in this process. It never stands in a run's way
 * otherwise: where it cannot reach the server, what it said last holds.
 */
public final class Throttling implements AutoCloseable {
  private static final long TICK_MILLIS = 1000;
  private static final int TICKS_BETWEEN_MEASURES = 5;
  private static final long PATIENCE_MILLIS = 3000;
  private static final double NANOS = 1e9;

  private final Scope scope;
  private final Consumer<String> say;
  private final PaceLog log;
  private final ActiveWriters writers = new ActiveWriters();
  private final Map<String, PaceSummary.Signalled> signals = new LinkedHashMap<>();
  private final Optional<LocalPacing> local;
  private final Optional<PaceLedger> ledger;
  private final LockWaits lockWaits;
  private Working work;
  private volatile Asked asked = Asked.NOTHING;
  private volatile PaceNow now;

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
    this.say = say;
    this.log = new PaceLog(say);
    this.lockWaits = new LockWaits(scope.applicationName(), scope.lockTimeout());
    this.ledger = scope.slot().map(PaceLedger::new);
    this.local =
        scope.slot().isPresent()
            ? Optional.empty()
            : Optional.of(LocalPacing.open(scope.applicationName()));
  }

  /** The writers that are at work now: Spark tells of them. */
  public ActiveWriters writers() {
    return writers;
  }

  /** A step is about to be written: its signals are read once before this returns. */
  public synchronized void begin(Writing writing) {
    end();
    writers.clear();
    work = new Working(writing);
    work.tick();
    work.thread.start();
  }

  /** It is written, or not any more. */
  public synchronized void end() {
    if (work != null) {
      work.stop();
      work = null;
      log.end(System.nanoTime());
      now = null;
    }
  }

  /** What holds the writers back now, with its reading; empty where nothing does. */
  public Optional<String> holds() {
    PaceNow present = now;
    if (present == null) {
      return Optional.empty();
    }
    String why =
        asked.paused()
            ? "paused by " + asked.pausedBy()
            : present.by() == null ? "bound" : present.by();
    Optional<Long> paused = log.pausedForMillis(System.nanoTime());
    if (paused.isPresent()) {
      return Optional.of(
          "the throttle: " + why + ", for " + ReadingUnit.MILLIS.words(paused.get()));
    }
    return rate(present)
        .map(
            rows -> "the throttle: " + rows + " rows/s" + (present.by() == null ? "" : ", " + why));
  }

  private Optional<String> rate(PaceNow present) {
    OptionalLong bound = present.pacing().rowsPerSecond();
    if (asked.rowsPerSecond() != null && !asked.rowsPerSecond().equals(Asked.OFF)) {
      long person = Long.parseLong(asked.rowsPerSecond());
      bound = OptionalLong.of(Math.min(person, bound.orElse(person)));
    }
    return bound.isPresent() ? Optional.of(String.valueOf(bound.getAsLong())) : Optional.empty();
  }

  /** How long the run's sessions waited for locks that they got, so far, to about a second. */
  public long lockWaitMillis() {
    return lockWaits.millis();
  }

  /** What became of the run's pace so far. */
  public PaceSummary summary() {
    synchronized (signals) {
      return new PaceSummary(
          asked.log(), log.pauses(System.nanoTime()), new LinkedHashMap<>(signals));
    }
  }

  @Override
  public synchronized void close() {
    end();
    local.ifPresent(LocalPacing::close);
  }

  private void seen(List<SignalReading> readings) {
    synchronized (signals) {
      for (SignalReading reading : readings) {
        PaceSummary.Signalled before = signals.get(reading.name());
        String worst =
            reading.level() == SignalReading.Level.QUIET
                ? before == null ? null : before.worst()
                : reading.text();
        signals.put(
            reading.name(),
            new PaceSummary.Signalled(
                reading.known() ? reading.text() : null,
                worst,
                reading.bound(),
                reading.known() ? null : reading.text()));
      }
    }
  }

  /** The thread that holds one step's writers back. */
  private final class Working {
    private final Writing writing;
    private final PaceControl control;
    private final long sinceNanos = System.nanoTime();
    private final Thread thread = DaemonThread.of("throttle", this::run);
    private Connection connection;
    private SignalReader reader;
    private List<PaceSignal> read;
    private PaceNow published;
    private boolean unreachable;
    private boolean bounded;
    private long ticks;
    private volatile boolean over;

    Working(Writing writing) {
      this.writing = writing;
      this.control = new PaceControl(writing.writers());
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

    private void lastLook() {
      try {
        if (connection != null) {
          lockWaits.look(connection, System.nanoTime());
          if (ledger.isPresent()) {
            Asked latest = ledger.get().asked(connection);
            sayAsked(latest);
            asked = latest;
          }
        }
      } catch (SQLException e) {
        // What it saw before counts.
      }
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

    /** Reads, decides and says; a server that does not answer is asked again with the next. */
    void tick() {
      try {
        connect();
        Asked latest = ledger.isPresent() ? ledger.get().asked(connection) : Asked.NOTHING;
        List<SignalReading> readings = reader.read(read);
        seen(readings);
        boolean quiet =
            readings.stream().allMatch(each -> each.level() == SignalReading.Level.QUIET);
        decide(latest, readings, measured(quiet));
        lockWaits.look(connection, System.nanoTime());
        unreachable = false;
        ticks++;
      } catch (SQLException e) {
        disconnect();
        if (!over && !unreachable) {
          unreachable = true;
          say.accept("throttle: cannot read its signals: " + ConnectionFailure.oneLine(e));
        }
      }
    }

    private OptionalLong measured(boolean quiet) throws SQLException {
      if (quiet && (!control.isBounded() || ticks % TICKS_BETWEEN_MEASURES != 0)) {
        return OptionalLong.empty();
      }
      double seconds = (System.nanoTime() - sinceNanos) / NANOS;
      if (ledger.isPresent()) {
        return ledger.get().rowsPerSecond(connection, seconds);
      }
      return OptionalLong.of((long) (local.orElseThrow().rows() / Math.max(1, seconds)));
    }

    private void decide(Asked latest, List<SignalReading> readings, OptionalLong measured)
        throws SQLException {
      long nanos = System.nanoTime();
      PaceControl.Decision decision = control.decide(readings, measured, nanos);
      OptionalLong rate = decision.rowsPerSecond();
      OptionalLong set = scope.throttle().most(Throttle.Bound.ROWS_PER_SECOND);
      if (set.isPresent() && latest.rowsPerSecond() == null) {
        rate = OptionalLong.of(Math.min(set.getAsLong(), rate.orElse(Long.MAX_VALUE)));
      }
      long held = writers.held(decision.writers());
      PaceNow decided =
          new PaceNow(
              decision.paused(),
              decision.by().map(SignalReading::words).orElse(null),
              rate.isPresent() ? rate.getAsLong() : null,
              atWork(decision.writers()),
              held,
              writing.step(),
              writing.toWrite());
      publish(decided);
      boolean bound = decision.rowsPerSecond().isPresent();
      sayAsked(latest);
      asked = latest;
      now = decided;
      log.now(latest, decision.by().filter(by -> by.level() == SignalReading.Level.PAUSE), nanos);
      if (bound != bounded && !decision.paused()) {
        bounded = bound;
        say.accept(
            bound
                ? "throttle: %,d rows/s, %s"
                    .formatted(
                        rate.getAsLong(),
                        decision.by().map(by -> "slowed by " + by.words()).orElse("to begin with"))
                : "throttle: all signals are quiet, nothing bounds the writers");
      }
    }

    /** Before the first has begun, as many as there will be. */
    private int atWork(int allowed) {
      int begun = writers.count();
      return Math.max(1, Math.min(allowed, begun == 0 ? writing.writers().max() : begun));
    }

    private void sayAsked(Asked latest) {
      latest.log().stream()
          .skip(asked.log().size())
          .filter(entry -> entry.rowsPerSecond() != null)
          .forEach(
              entry ->
                  say.accept(
                      "throttle: pace "
                          + entry.rowsPerSecond()
                          + (entry.rowsPerSecond().equals(Asked.OFF) ? "" : " rows/s")
                          + ", asked by "
                          + entry.by()));
    }

    private void publish(PaceNow decided) throws SQLException {
      if (decided.equals(published)) {
        return;
      }
      if (ledger.isPresent()) {
        ledger.get().publish(connection, decided);
      }
      local.ifPresent(own -> own.say(decided.pacing()));
      published = decided;
    }

    private void connect() throws SQLException {
      if (connection == null) {
        connection = scope.database().connect(scope.applicationName() + " throttle");
        connection.setAutoCommit(false);
        connection.setReadOnly(true);
        reader = new SignalReader(connection, scope.throttle().signalTimeout());
        read =
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
        // A pooler would end the session of a client that leaves in a transaction.
        closing.rollback();
        if (over && published != null && ledger.isPresent() && !closing.isClosed()) {
          ledger.get().publish(closing, null);
        }
      } catch (SQLException e) {
        // Its run is over, or connects anew.
      }
    }
  }
}
