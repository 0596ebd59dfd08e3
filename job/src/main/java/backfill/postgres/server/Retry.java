package backfill.postgres.server;

import java.sql.SQLException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Decides whether a failure may pass by itself, and how long to wait for it. Only what PostgreSQL
 * itself names as passing is tried again: a deadlock, a serialization failure, a lock not had in
 * time, a lost connection, a server that restarts or has no room for one more connection.
 *
 * @see <a href="https://www.postgresql.org/docs/current/errcodes-appendix.html">PostgreSQL error
 *     codes</a>
 */
public final class Retry {
  private static final Set<SqlState> PASSING =
      EnumSet.of(
          SqlState.IDLE_IN_TRANSACTION_TIMEOUT,
          SqlState.SERIALIZATION_FAILURE,
          SqlState.DEADLOCK_DETECTED,
          SqlState.TOO_MANY_CONNECTIONS,
          SqlState.LOCK_NOT_AVAILABLE,
          SqlState.ADMIN_SHUTDOWN,
          SqlState.CRASH_SHUTDOWN,
          SqlState.CANNOT_CONNECT_NOW);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  private final Duration within;
  private long startedNanos;
  private long attemptNanos = System.nanoTime();
  private long lockWaitNanos;
  private long throttledNanos;
  private int attempts;

  /**
   * @param within how long after its first failure one piece of work is tried again
   */
  public Retry(Duration within) {
    this.within = within;
  }

  /** Whether a failure of this kind may pass. Class 08 is every kind of lost connection. */
  public static boolean passing(SQLException failure) {
    // A transaction whose outcome is unknown is not tried again: its rows would come back as
    // conflicts.
    return !SqlState.TRANSACTION_RESOLUTION_UNKNOWN.is(failure)
        && (SqlState.of(failure).filter(PASSING::contains).isPresent() || connectionLost(failure));
  }

  /** Whether the connection, and with it the answer to the last statement, is gone. */
  public static boolean connectionLost(SQLException failure) {
    String state = failure.getSQLState();
    return state != null
        && (state.startsWith("08")
            || state.startsWith("57P")
            || SqlState.IDLE_IN_TRANSACTION_TIMEOUT.is(state));
  }

  /** Whether an attempt ended because another transaction held a lock that it needed. */
  private static boolean forALock(SQLException failure) {
    return SqlState.LOCK_NOT_AVAILABLE.is(failure) || SqlState.DEADLOCK_DETECTED.is(failure);
  }

  /** Waits before the next attempt, or throws the failure: for good, or tried for long enough. */
  public void pauseOrThrow(SQLException failure) throws SQLException {
    long now = System.nanoTime();
    if (attempts == 0) {
      startedNanos = now;
    }
    if (!passing(failure) || now - startedNanos >= within.toNanos()) {
      throw failure;
    }
    long pauseMillis =
        Math.min(FIRST_PAUSE.toMillis() << Math.min(attempts, 10), LONGEST_PAUSE.toMillis());
    attempts++;
    try {
      // Half of it by chance, so that two that met once do not meet again.
      Thread.sleep(pauseMillis / 2 + ThreadLocalRandom.current().nextLong(pauseMillis / 2 + 1));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      failure.addSuppressed(e);
      throw failure;
    }
    long next = System.nanoTime();
    if (forALock(failure)) {
      lockWaitNanos += next - attemptNanos;
    }
    attemptNanos = next;
  }

  /** Time in attempts that gave up for a lock, and in the pauses after them. */
  public long lockWaitNanos() {
    return lockWaitNanos;
  }

  /**
   * The throttle held the work back for so long: that is no wait for a lock, and does not count for
   * how long it is tried.
   */
  public void throttled(long nanos) {
    throttledNanos += nanos;
    attemptNanos += nanos;
    startedNanos += nanos;
  }

  /** Time that the throttle held it back. */
  public long throttledNanos() {
    return throttledNanos;
  }

  /** How often the work was tried again. */
  public int attempts() {
    return attempts;
  }
}
