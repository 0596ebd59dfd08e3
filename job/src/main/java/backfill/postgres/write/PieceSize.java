package backfill.postgres.write;

import java.util.BitSet;
import java.util.function.LongConsumer;

/**
 * How many rows of a batch one statement takes: about as many as the server takes in a second, so
 * that progress moves where a trigger makes each row slow. On a fast server that is soon all of a
 * batch, and so it is where the statement itself takes long, and not its rows. The batch stays one
 * transaction. Belongs to one writer; used by one thread.
 */
public final class PieceSize {
  private static final int FIRST = 500;
  private static final int FASTEST_GROWTH = 100;
  private static final double SECOND_NANOS = 1e9;
  private static final double CLEARLY_LESS = 0.8;

  private final LongConsumer taken;
  private long most = FIRST;
  private long fewest = 1;
  private int previousRows;
  private long previousNanos;

  /**
   * @param taken told how many rows of the present batch the server has taken, none of them
   *     committed yet
   */
  public PieceSize(LongConsumer taken) {
    this.taken = taken;
  }

  /** Sends the rows from one place to before another. */
  @FunctionalInterface
  public interface Piece<E extends Exception> {
    void send(int from, int to) throws E;
  }

  /**
   * Sends some rows that were refused together in two halves, so that each at fault comes alone.
   */
  public static <E extends Exception> void halve(int rows, Piece<E> half) throws E {
    half.send(0, rows / 2);
    half.send(rows / 2, rows);
  }

  /** Sends all of some rows, piece by piece. */
  public <E extends Exception> void send(int rows, Piece<E> piece) throws E {
    int from = 0;
    while (from < rows) {
      int to = (int) Math.min(rows, from + most);
      long started = System.nanoTime();
      piece.send(from, to);
      took(to - from, System.nanoTime() - started);
      taken.accept(to);
      from = to;
    }
  }

  /** Whether so many rows go in one piece now. */
  public boolean isOne(int rows) {
    return rows <= most;
  }

  private void took(int rows, long nanos) {
    if (nanos > SECOND_NANOS / 2 && rows <= previousRows * CLEARLY_LESS) {
      split(rows, nanos);
    }
    previousRows = rows;
    previousNanos = nanos;
    double inASecond = rows * SECOND_NANOS / Math.max(1, nanos);
    if (rows >= most || inASecond < most) {
      most = (long) Math.max(fewest, Math.min(inASecond, (double) FASTEST_GROWTH * most));
    }
  }

  /** What every statement costs, however few its rows are, may be a fifth of its time at most. */
  private void split(int rows, long nanos) {
    double nanosPerRow = Math.max(0.0, previousNanos - nanos) / (previousRows - rows);
    double nanosPerStatement = Math.max(0.0, nanos - nanosPerRow * rows);
    fewest = (long) Math.max(fewest, 4 * nanosPerStatement / Math.max(1e-3, nanosPerRow));
  }

  /** The places of a piece among those of the batch. */
  public static void shift(BitSet places, int by, BitSet into) {
    places.stream().forEach(place -> into.set(by + place));
  }
}
