package backfill.spark.read;

import backfill.membership.DistinctKeys;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.snapshot.PairCopy;
import java.util.Arrays;
import org.apache.spark.sql.catalyst.InternalRow;

/** Takes the keys of one column out of rows, one after the other, until there are enough. */
abstract sealed class KeyCells {

  /** For at most {@link ReadPairs#SIZE} rows. */
  static KeyCells of(KeyType type) {
    return type == KeyType.INTEGER ? new Integers() : new Others(type);
  }

  /** Takes the row's next value; false if it is NULL. */
  abstract boolean take(PairCopy copy, int row);

  /** Takes a value of one of Spark's own rows, of {@link #cast}'s type and not NULL. */
  abstract void take(InternalRow from, int cell, int row);

  /** The keys of so many rows. */
  abstract KeyColumn column(int rows);

  /** The Spark type in which {@link #take(InternalRow, int, int)} wants a key. */
  static String cast(KeyType type) {
    return type == KeyType.INTEGER ? "long" : "string";
  }

  private static final class Integers extends KeyCells {
    private final long[] values = new long[ReadPairs.SIZE];

    @Override
    boolean take(PairCopy copy, int row) {
      return copy.value(values, row);
    }

    @Override
    void take(InternalRow from, int cell, int row) {
      values[row] = from.getLong(cell);
    }

    @Override
    KeyColumn column(int rows) {
      return new KeyColumn.Integers(Arrays.copyOf(values, rows));
    }
  }

  private static final class Others extends KeyCells {
    private final KeyType type;
    private final DistinctKeys distinct = new DistinctKeys();
    private final int[] places = new int[ReadPairs.SIZE];

    Others(KeyType type) {
      this.type = type;
    }

    @Override
    boolean take(PairCopy copy, int row) {
      int place = copy.value(distinct);
      places[row] = place;
      return place != DistinctKeys.ABSENT;
    }

    @Override
    void take(InternalRow from, int cell, int row) {
      byte[] key = bytes(from, cell);
      places[row] = distinct.add(key, 0, key.length);
    }

    private byte[] bytes(InternalRow from, int cell) {
      if (type == KeyType.TEXT) {
        return from.getUTF8String(cell).getBytes();
      }
      String text = from.getUTF8String(cell).toString();
      return type.bytes(text)
          .orElseThrow(
              () ->
                  new UnfitRowsException(
                      "a view gives the key \""
                          + text
                          + "\", which is no "
                          + type.name().toLowerCase(java.util.Locale.ROOT)
                          + "; a source must not grant what the target can't hold"));
    }

    @Override
    KeyColumn column(int rows) {
      return new KeyColumn.Places(Arrays.copyOf(places, rows), distinct.list());
    }
  }
}
