package backfill.postgres.snapshot;

import backfill.membership.key.DistinctKeys;
import backfill.membership.key.KeyTuple;
import backfill.postgres.catalog.Column;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.server.Database;
import backfill.postgres.server.TableName;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyOut;

/**
 * Reads pairs of keys by COPY in binary format, a row at a time: no plan, no text and no object per
 * row. One connection for as many reads as come, all in the transaction that imported a snapshot.
 * Used by one thread.
 *
 * @see <a href="https://www.postgresql.org/docs/current/sql-copy.html">COPY, "Binary Format"</a>
 */
public final class PairCopy implements AutoCloseable {
  /** Signature, flags and the length of the header's extension. */
  private static final int HEADER_BYTES = 19;

  private final Connection connection;
  private CopyOut copy;
  private byte[] row;
  private int place;
  private boolean first;

  /**
   * @param importStatements those of {@link Snapshot#importStatements}
   */
  public PairCopy(Database database, String importStatements, String applicationName)
      throws SQLException {
    connection = ReadSessions.open(database, importStatements, applicationName);
  }

  /**
   * The statement that reads the rows of one range.
   *
   * @param key columns of a {@link KeyType} each, as are {@code member}
   * @param level a column of integers or texts; null for none
   * @param condition PostgreSQL, true for the rows of the range
   */
  public static String sql(
      TableName table, List<Column> key, List<Column> member, Column level, String condition) {
    return "COPY (SELECT "
        + Stream.concat(key.stream(), member.stream())
            .map(PairCopy::selected)
            .collect(Collectors.joining(", "))
        + (level == null ? "" : ", " + leveled(level))
        + " FROM "
        + table.quoted()
        + " WHERE "
        + condition
        + ") TO STDOUT (FORMAT binary)";
  }

  private static String selected(Column column) {
    return TableName.quote(column.name())
        + "::pg_catalog."
        + KeyType.of(column).orElseThrow().element();
  }

  private static String leveled(Column column) {
    return KeyType.of(column).filter(KeyType.INTEGER::equals).isPresent()
        ? selected(column)
        : TableName.quote(column.name()) + "::pg_catalog." + KeyType.TEXT.element();
  }

  /** Begins to read; the read before has come to its end. */
  public void start(String sql) throws SQLException {
    copy = connection.unwrap(PGConnection.class).getCopyAPI().copyOut(sql);
    first = true;
  }

  /** Goes to the next row; false after the last. */
  public boolean next() throws SQLException {
    while (true) {
      row = copy.readFromCopy();
      if (row == null) {
        copy = null;
        return false;
      }
      place = 0;
      if (first) {
        // The header travels with the first row, or, where there is none, with the trailer.
        place = HEADER_BYTES - Integer.BYTES;
        int extension = nextInt();
        place += extension;
        first = false;
      }
      // The trailer is a row of -1 fields; the end of the stream follows.
      if (row.length - place > Short.BYTES) {
        place += Short.BYTES;
        return true;
      }
    }
  }

  /** Four bytes, the highest first. */
  private int nextInt() {
    int value =
        row[place] << 24
            | (row[place + 1] & 0xFF) << 16
            | (row[place + 2] & 0xFF) << 8
            | row[place + 3] & 0xFF;
    place += Integer.BYTES;
    return value;
  }

  /** Reads the row's next value, an integer, into {@code values[at]}; false if it is NULL. */
  public boolean value(long[] values, int at) {
    if (nextInt() < 0) {
      return false;
    }
    values[at] = (long) nextInt() << Integer.SIZE | Integer.toUnsignedLong(nextInt());
    return true;
  }

  /**
   * Reads the row's next value, a uuid or a text, into {@code values} and answers with its number
   * there; {@link DistinctKeys#ABSENT} if it is NULL.
   */
  public int value(DistinctKeys values) {
    int length = nextInt();
    if (length < 0) {
      return DistinctKeys.ABSENT;
    }
    place += length;
    return values.add(row, place - length, place);
  }

  /**
   * Reads the row's next values, one for each column of a key, as the parts of one; false if one of
   * them is NULL.
   */
  public boolean value(KeyTuple key, KeyShape shape) {
    key.clear();
    boolean whole = true;
    for (KeyType type : shape.types()) {
      int length = nextInt();
      if (length < 0) {
        whole = false;
      } else {
        place += length;
        if (whole) {
          KeyShape.add(key, type, row, place - length, place);
        }
      }
    }
    return whole;
  }

  /** Reads the row's next value, a text; null if it is NULL. */
  public String text() {
    int length = nextInt();
    if (length < 0) {
      return null;
    }
    place += length;
    return new String(row, place - length, length, StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws SQLException {
    if (copy != null && copy.isActive()) {
      // Broken off: to end the transaction, the driver would wait for the rest of it.
      connection.abort(Runnable::run);
    }
    connection.close();
  }
}
