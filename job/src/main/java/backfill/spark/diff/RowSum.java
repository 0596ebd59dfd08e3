package backfill.spark.diff;

import backfill.plan.Sha256;
import backfill.postgres.server.RowEvent;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.DigestException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/**
 * Adds up the digests of rows, one after the other: the first half of the SHA-256 of a row's event,
 * key and new values, each with its length before it. Neither what the target had nor why a pair is
 * given is in it, and of a value that varies only that there is one. Used by one thread.
 */
public final class RowSum {
  private static final int NULL = -1;
  private static final int VARIES = -2;
  private static final int DIGEST_BYTES = 32;
  private static final VarHandle BITS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private final MessageDigest sha256 = Sha256.digest();
  private final byte[] digest = new byte[DIGEST_BYTES];
  private byte[] row = new byte[256];
  private int length;
  private long rows;
  private long high;
  private long low;

  /** Of all of these. */
  public static DiffSum of(DiffShape shape, Iterator<RowChange> rows) {
    RowSum sum = new RowSum();
    rows.forEachRemaining(row -> sum.add(shape, row));
    return sum.sum();
  }

  /** Adds a whole row. */
  public void add(DiffShape shape, RowChange change) {
    begin(change.event());
    values(shape.key(), change.key(), shape, false);
    if (change.after() != null) {
      values(shape.after(change.event()), change.after(), shape, true);
    }
    end();
  }

  private void values(List<String> columns, String[] values, DiffShape shape, boolean named) {
    for (int i = 0; i < values.length; i++) {
      String column = columns.get(i);
      if (named) {
        value(column);
      }
      if (shape.varying().contains(column)) {
        varies();
      } else {
        value(values[i]);
      }
    }
  }

  /** A row begins. */
  public void begin(RowEvent event) {
    length = 0;
    room(1);
    row[length++] = (byte) event.name().charAt(0);
  }

  /** Its next value, or null. */
  public void value(String value) {
    if (value == null) {
      number(NULL);
      return;
    }
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    number(bytes.length);
    room(bytes.length);
    System.arraycopy(bytes, 0, row, length, bytes.length);
    length += bytes.length;
  }

  /**
   * Its next value is an integer, whose text is made in place: most keys are, of millions of rows.
   */
  public void value(long value) {
    int digits = digits(value);
    number(digits);
    room(digits);
    length += digits;
    int at = length;
    // A negative one's digits are those of its remainders: the smallest long has no absolute value.
    for (long left = value; at > length - digits; left /= 10) {
      row[--at] = (byte) ('0' + Math.abs(left % 10));
    }
    if (value < 0) {
      row[length - digits] = '-';
    }
  }

  private static int digits(long value) {
    int digits = value < 0 ? 2 : 1;
    for (long left = value / 10; left != 0; left /= 10) {
      digits++;
    }
    return digits;
  }

  /** Its next value is another in each run. */
  public void varies() {
    number(VARIES);
  }

  /** Where the row has come to: rows that begin alike can go back there. */
  public int place() {
    return length;
  }

  /** Forgets what came after a place. */
  public void back(int place) {
    length = place;
  }

  /** The row is whole. */
  public void end() {
    sha256.update(row, 0, length);
    try {
      sha256.digest(digest, 0, DIGEST_BYTES);
    } catch (DigestException e) {
      throw new IllegalStateException("a SHA-256 has 32 bytes", e);
    }
    long before = low;
    low += (long) BITS.get(digest, Long.BYTES);
    high += (long) BITS.get(digest, 0) + (Long.compareUnsigned(low, before) < 0 ? 1 : 0);
    rows++;
  }

  private void number(int number) {
    room(Integer.BYTES);
    for (int shift = 24; shift >= 0; shift -= Byte.SIZE) {
      row[length++] = (byte) (number >>> shift);
    }
  }

  private void room(int bytes) {
    if (row.length - length < bytes) {
      row = Arrays.copyOf(row, Math.max(2 * row.length, length + bytes));
    }
  }

  /** Of the rows that were ended. */
  public DiffSum sum() {
    return new DiffSum(rows, high, low);
  }
}
