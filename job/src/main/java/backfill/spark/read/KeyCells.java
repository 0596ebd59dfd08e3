package backfill.spark.read;

import backfill.membership.key.DistinctKeys;
import backfill.membership.key.KeyTuple;
import backfill.postgres.catalog.KeyType;
import backfill.postgres.snapshot.KeyShape;
import backfill.postgres.snapshot.PairCopy;
import java.util.Arrays;
import java.util.Locale;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * Takes the keys of one column, or of several together, out of rows, one after the other, until
 * there are enough.
 */
abstract sealed class KeyCells {

  /** For at most {@link ReadPairs#SIZE} rows. */
  static KeyCells of(KeyShape shape) {
    if (shape.isJoined()) {
      return new Joined(shape);
    }
    return shape.isInteger() ? new Integers() : new Others(shape.types().get(0));
  }

  /** Takes the row's next key; false if it is NULL, or a part of it is. */
  abstract boolean take(PairCopy copy, int row);

  /**
   * Takes a key of one of Spark's own rows, each value of {@link #cast}'s type and not NULL.
   *
   * @param cell of its first column; the others follow
   */
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
      return type.bytes(text).orElseThrow(() -> unfit(text, type));
    }

    @Override
    KeyColumn column(int rows) {
      return new KeyColumn.Places(Arrays.copyOf(places, rows), distinct.list());
    }
  }

  private static UnfitRowsException unfit(String text, KeyType type) {
    return new UnfitRowsException(
        "a view gives the key \""
            + text
            + "\", which is no "
            + type.name().toLowerCase(Locale.ROOT)
            + "; a source must not grant what the target can't hold");
  }

  /** Of several columns: the parts as one key each. */
  private static final class Joined extends KeyCells {
    private final KeyShape shape;
    private final KeyTuple key = new KeyTuple();
    private final DistinctKeys distinct = new DistinctKeys();
    private final int[] places = new int[ReadPairs.SIZE];

    Joined(KeyShape shape) {
      this.shape = shape;
    }

    @Override
    boolean take(PairCopy copy, int row) {
      boolean whole = copy.value(key, shape);
      if (whole) {
        places[row] = distinct.add(key.bytes(), 0, key.length());
      }
      return whole;
    }

    @Override
    void take(InternalRow from, int cell, int row) {
      key.clear();
      for (int column = 0; column < shape.types().size(); column++) {
        KeyType type = shape.types().get(column);
        if (type == KeyType.INTEGER) {
          key.addInteger(from.getLong(cell + column));
        } else {
          add(type, from.getUTF8String(cell + column));
        }
      }
      places[row] = distinct.add(key.bytes(), 0, key.length());
    }

    private void add(KeyType type, UTF8String value) {
      byte[] text = value.getBytes();
      if (type == KeyType.UUID) {
        byte[] uuid = type.bytes(value.toString()).orElseThrow(() -> unfit(value.toString(), type));
        key.addFixed(uuid, 0, uuid.length);
        return;
      }
      for (byte each : text) {
        if (each == 0) {
          throw unfit(value.toString(), type);
        }
      }
      key.addText(text, 0, text.length);
    }

    @Override
    KeyColumn column(int rows) {
      return new KeyColumn.Places(Arrays.copyOf(places, rows), distinct.list());
    }
  }
}
