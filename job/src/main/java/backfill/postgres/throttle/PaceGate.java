package backfill.postgres.throttle;

import backfill.postgres.ledger.Pacing;
import backfill.postgres.server.SqlState;
import java.sql.SQLException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Holds one writer back between two batches, as the throttle says. It waits with no transaction
 * open, asks again while it waits, and takes a batch's time and rows into account, so that the rate
 * is that of all it does. Used by the writer's thread.
 */
public final class PaceGate {
  private static final long LOOK_MILLIS = 250;

  /**
   * A writer that leaves its turn to others writes a batch in this time all the same: those others
   * may have no place to run.
   */
  private static final long LONGEST_TURN_NANOS = 30_000_000_000L;

  private static final double SECOND_NANOS = 1e9;

  private static final Pattern NUMBERED = Pattern.compile(".*#(\\d{1,4})");

  private final Optional<LocalPacing> local;
  private final int localWriter;
  private Pacing pacing = Pacing.FREE;
  private int writer = -1;
  private Runnable check = () -> {};
  private long begunNanos = System.nanoTime();
  private long rows;
  private long rowsAtOnce = Long.MAX_VALUE;

  /** Reads what the throttle says now. */
  @FunctionalInterface
  public interface Look {
    void now() throws SQLException;
  }

  /**
   * @param session the name of the writer's session: without a ledger, a driver in this process
   *     speaks to it by that
   */
  public PaceGate(String session) {
    this.local = LocalPacing.of(session);
    Matcher numbered = NUMBERED.matcher(session);
    this.localWriter = numbered.matches() ? Integer.parseInt(numbered.group(1)) : -1;
  }

  /** While it waits this is called again and again; what it throws ends the wait. */
  public void whileWaiting(Runnable called) {
    check = called;
  }

  /**
   * The ledger says this.
   *
   * @param number of this writer in its step
   */
  public void told(int number, Pacing now) {
    writer = number;
    take(now);
  }

  private void take(Pacing now) {
    pacing = now;
    rowsAtOnce = now.share().orElse(Long.MAX_VALUE);
  }

  /** Rows that a batch may have where it could have so many: no more than go in a second. */
  public int rowsAtOnce(int most) {
    return (int) Math.min(most, rowsAtOnce);
  }

  /** Whether the next batch may go now; one that may begins. */
  public boolean passes() {
    long now = System.nanoTime();
    if (delayNanos(now) > 0) {
      return false;
    }
    begunNanos = now;
    rows = 0;
    return true;
  }

  /** The batch that began last wrote so many rows. */
  public void wrote(long written) {
    rows = written;
    local.ifPresent(own -> own.wrote(written));
  }

  /** How long from now the next batch has to wait at least, as far as is known. */
  private long delayNanos(long now) {
    if (pacing.paused()) {
      return Long.MAX_VALUE;
    }
    long since = now - begunNanos;
    if (pacing.holds(writer) && since < LONGEST_TURN_NANOS) {
      return LONGEST_TURN_NANOS - since;
    }
    OptionalLong share = pacing.share();
    return share.isEmpty() ? 0 : (long) (SECOND_NANOS / share.getAsLong() * rows) - since;
  }

  /**
   * Waits as long as it must.
   *
   * @param look reads what the throttle says, over the writer's own connection
   * @return how long that was, in nanoseconds
   */
  public long await(Look look) throws SQLException {
    local.ifPresent(own -> told(localWriter, own.now()));
    long began = System.nanoTime();
    long left = delayNanos(began);
    if (left <= 0) {
      return 0;
    }
    while (left > 0) {
      check.run();
      sleep(Math.min(LOOK_MILLIS, left / 1_000_000 + 1));
      if (left > LOOK_MILLIS * 1_000_000) {
        look.now();
        local.ifPresent(own -> told(localWriter, own.now()));
      }
      left = delayNanos(System.nanoTime());
    }
    return System.nanoTime() - began;
  }

  private void sleep(long millis) throws SQLException {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      check.run();
      throw new SQLException(
          "ended while the throttle held a batch back", SqlState.QUERY_CANCELED.code(), e);
    }
  }
}
