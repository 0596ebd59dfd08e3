package backfill.postgres;

import java.sql.SQLException;
import java.time.Duration;
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
final class Retry {
  static final String LOCK_NOT_AVAILABLE = "55P03";
  private static final String DEADLOCK_DETECTED = "40P01";

  /** The process slept in the middle of a batch, and the server ended the connection. */
  private static final String IDLE_IN_TRANSACTION = "25P03";

  private static final Set<String> PASSING =
      Set.of(
          IDLE_IN_TRANSACTION,
          "40001", // serialization_failure
          DEADLOCK_DETECTED,
          "53300", // too_many_connections
          LOCK_NOT_AVAILABLE,
          "57P01", // admin_shutdown
          "57P02", // crash_shutdown
          "57P03"); // cannot_connect_now

  /** Of a transaction: tried again, its rows would be counted as somebody else's. */
  static final String OUTCOME_UNKNOWN = "08007";

  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  private final Duration within;
  private long startedNanos;
  private long attemptNanos = System.nanoTime();
  private long lockWaitNanos;
  private int attempts;

  /**
   * @param within how long after its first failure one piece of work is tried again
   */
  Retry(Duration within) {
    this.within = within;
  }

  /** Whether a failure of this kind may pass. Class 08 is every kind of lost connection. */
  static boolean passing(SQLException failure) {
    String state = failure.getSQLState();
    return state != null
        && !state.equals(OUTCOME_UNKNOWN)
        && (PASSING.contains(state) || connectionLost(failure));
  }

  /** Whether the connection, and with it the answer to the last statement, is gone. */
  static boolean connectionLost(SQLException failure) {
    String state = failure.getSQLState();
    return state != null
        && (state.startsWith("08") || state.startsWith("57P") || state.equals(IDLE_IN_TRANSACTION));
  }

  /** Whether an attempt ended because another transaction held a lock that it needed. */
  private static boolean forALock(SQLException failure) {
    return LOCK_NOT_AVAILABLE.equals(failure.getSQLState())
        || DEADLOCK_DETECTED.equals(failure.getSQLState());
  }

  /** Waits before the next attempt, or throws the failure: for good, or tried for long enough. */
  void pauseOrThrow(SQLException failure) throws SQLException {
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
  long lockWaitNanos() {
    return lockWaitNanos;
  }

  /** How often the work was tried again. */
  int attempts() {
    return attempts;
  }
}
