package backfill.postgres.write;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.IntStream;
import org.postgresql.copy.CopyIn;

/**
 * Spells out rows in COPY's text format, in which every type has the form that a cast from text
 * reads, and sends them by the buffer.
 *
 * @see <a href="https://www.postgresql.org/docs/current/sql-copy.html">COPY, "Text Format"</a>
 */
final class CopyText {
  private static final int BUFFER_BYTES = 64 * 1024;
  private static final byte[] NULL = {'\\', 'N'};
  private static final String ESCAPED = "\\\n\r\t";
  private static final String LETTERS = "\\nrt";

  /** The digits of a long, and its sign. */
  private static final int LONGEST_INTEGER = 20;

  private final CopyIn copy;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int used;

  CopyText(CopyIn copy) {
    this.copy = copy;
  }

  /** Sends all rows; the copy is still to be ended. */
  void send(Batch rows) throws SQLException {
    List<Values> columns =
        IntStream.range(0, rows.columns().size()).mapToObj(rows::values).toList();
    for (int row = 0; row < rows.size(); row++) {
      for (int i = 0; i < columns.size(); i++) {
        if (i > 0) {
          put((byte) '\t');
        }
        Values values = columns.get(i);
        if (values.areIntegers()) {
          put(values.integer(row));
        } else {
          put(values.get(row));
        }
      }
      put((byte) '\n');
    }
    flush();
  }

  private void put(Object value) throws SQLException {
    if (value == null) {
      for (byte sign : NULL) {
        put(sign);
      }
      return;
    }
    byte[] text = value.toString().getBytes(StandardCharsets.UTF_8);
    int begin = 0;
    for (int i = 0; i < text.length; i++) {
      // No byte of a longer character is one of these.
      int escaped = text[i] == '\\' || text[i] < ' ' ? ESCAPED.indexOf(text[i]) : -1;
      if (escaped >= 0) {
        put(text, begin, i);
        put((byte) '\\');
        put((byte) LETTERS.charAt(escaped));
        begin = i + 1;
      }
    }
    put(text, begin, text.length);
  }

  private void put(byte[] text, int from, int to) throws SQLException {
    int begin = from;
    while (to - begin > buffer.length - used) {
      int room = buffer.length - used;
      System.arraycopy(text, begin, buffer, used, room);
      used += room;
      begin += room;
      flush();
    }
    System.arraycopy(text, begin, buffer, used, to - begin);
    used += to - begin;
  }

  private void put(long value) throws SQLException {
    if (used + LONGEST_INTEGER > buffer.length) {
      flush();
    }
    // Negative, because the smallest one has no positive.
    long rest = value < 0 ? value : -value;
    if (value < 0) {
      buffer[used++] = '-';
    }
    int digits = 1;
    for (long left = rest / 10; left != 0; left /= 10) {
      digits++;
    }
    for (int place = used + digits - 1; place >= used; place--) {
      buffer[place] = (byte) ('0' - rest % 10);
      rest /= 10;
    }
    used += digits;
  }

  private void put(byte value) throws SQLException {
    if (used == buffer.length) {
      flush();
    }
    buffer[used++] = value;
  }

  private void flush() throws SQLException {
    copy.writeToCopy(buffer, 0, used);
    used = 0;
  }
}
