package backfill.postgres.snapshot;

import backfill.membership.key.KeyList;
import backfill.membership.key.KeyText;
import backfill.membership.key.KeyTuple;
import backfill.postgres.catalog.KeyType;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Of how many columns a key is, of which types, and what its bytes are: of one column those of
 * {@link KeyType}, of several the parts of a {@link KeyTuple}.
 *
 * @param types in the order in which the plan names the columns
 * @param order the places of the columns in the order in which their parts stand in a key's bytes
 */
public record KeyShape(List<KeyType> types, List<Integer> order) implements Serializable {
  public static final KeyShape INTEGER = of(List.of(KeyType.INTEGER));

  private static final int UUID_BYTES = 16;

  public KeyShape {
    types = List.copyOf(types);
    order = List.copyOf(order);
  }

  /** With its parts in the plan's order. */
  public static KeyShape of(List<KeyType> types) {
    return new KeyShape(types, IntStream.range(0, types.size()).boxed().toList());
  }

  /** The same key with its parts in the plan's order. */
  public KeyShape asNamed() {
    return of(types);
  }

  /** Whether it is one integer, which stands for itself. */
  public boolean isInteger() {
    return types.size() == 1 && types.get(0) == KeyType.INTEGER;
  }

  /** Whether it has several columns. */
  public boolean isJoined() {
    return types.size() > 1;
  }

  /** Adds a value to a key, as COPY sends it in binary format. */
  static void add(KeyTuple key, KeyType type, byte[] from, int start, int end) {
    switch (type) {
      case INTEGER -> key.addInteger(ByteBuffer.wrap(from).getLong(start));
      case UUID -> key.addFixed(from, start, end);
      case TEXT -> key.addText(from, start, end);
    }
  }

  /**
   * Adds a value that the server writes as this text.
   *
   * @return false if it is none of the type
   */
  public static boolean add(KeyTuple key, KeyType type, String text) {
    if (type == KeyType.INTEGER) {
      key.addInteger(Long.parseLong(text));
      return true;
    }
    Optional<byte[]> bytes = type.bytes(text).filter(some -> text.indexOf('\0') < 0);
    bytes.ifPresent(
        some -> {
          if (type == KeyType.UUID) {
            key.addFixed(some, 0, some.length);
          } else {
            key.addText(some, 0, some.length);
          }
        });
    return bytes.isPresent();
  }

  /**
   * The bytes of a key.
   *
   * @param texts a value for each column, in the plan's order; empty for what is no key of this
   *     shape
   */
  public Optional<byte[]> bytes(List<String> texts) {
    if (!isJoined()) {
      return types.get(0).bytes(texts.get(0));
    }
    KeyTuple key = new KeyTuple();
    for (int column : order) {
      if (!add(key, types.get(column), texts.get(column))) {
        return Optional.empty();
      }
    }
    return Optional.of(key.copy());
  }

  /** The values of a key, in the plan's order: integers as such, and the text of any other. */
  public List<Object> values(byte[] key) {
    if (!isJoined()) {
      return List.of(types.get(0).text(key));
    }
    Object[] values = new Object[types.size()];
    int start = 0;
    for (int column : order) {
      KeyType type = types.get(column);
      int end = end(type, key, start);
      values[column] =
          type == KeyType.INTEGER
              ? (Object) KeyTuple.integer(key, start)
              : type.text(part(type, key, start, end));
      start = end;
    }
    return List.of(values);
  }

  /** One column's part alone, as a key of this column has it; not of an integer. */
  public byte[] part(byte[] key, int column) {
    int start = 0;
    for (int each : order) {
      int end = end(types.get(each), key, start);
      if (each == column) {
        return part(types.get(each), key, start, end);
      }
      start = end;
    }
    throw new IllegalArgumentException("no column " + column + " in " + this);
  }

  private static byte[] part(KeyType type, byte[] key, int start, int end) {
    return Arrays.copyOfRange(key, start, type == KeyType.TEXT ? end - 1 : end);
  }

  private static int end(KeyType type, byte[] key, int start) {
    return switch (type) {
      case INTEGER -> start + Long.BYTES;
      case UUID -> start + UUID_BYTES;
      case TEXT -> KeyTuple.endOfText(key, start) + 1;
    };
  }

  /** The first so many parts of a key. */
  public byte[] prefix(byte[] key, int parts) {
    int end = 0;
    for (int part = 0; part < parts; part++) {
      end = end(types.get(order.get(part)), key, end);
    }
    return Arrays.copyOf(key, end);
  }

  /** The first text of some keys that is no UTF-8, in hexadecimal digits. */
  public Optional<String> firstThatIsNoUtf8(KeyList keys) {
    if (!types.contains(KeyType.TEXT)) {
      return Optional.empty();
    }
    if (!isJoined()) {
      return KeyText.firstThatIsNoUtf8(keys);
    }
    List<Integer> texts =
        order.stream().filter(column -> types.get(column) == KeyType.TEXT).toList();
    for (int place = 0; place < keys.size(); place++) {
      byte[] key = keys.key(place);
      for (int column : texts) {
        byte[] part = part(key, column);
        if (!KeyText.isUtf8(part)) {
          return Optional.of(HexFormat.of().formatHex(part));
        }
      }
    }
    return Optional.empty();
  }

  /**
   * The same keys as columns store them that take texts of at most so many characters, and with
   * their parts in this shape's order.
   *
   * @param named with their parts in the plan's order
   * @param characters for each column, in the plan's order
   */
  public KeyList stored(KeyList named, List<Integer> characters) {
    if (!isJoined()) {
      return named.cutTo(characters.get(0));
    }
    KeyList.Builder stored = new KeyList.Builder(named.size());
    KeyTuple key = new KeyTuple();
    int[] ends = new int[types.size()];
    for (int place = 0; place < named.size(); place++) {
      int start = named.start(place);
      int end = start;
      for (int column = 0; column < ends.length; column++) {
        end = end(types.get(column), named.bytes(), end);
        ends[column] = end;
      }
      key.clear();
      for (int column : order) {
        int from = column == 0 ? start : ends[column - 1];
        if (types.get(column) == KeyType.TEXT) {
          key.addText(
              named.bytes(),
              from,
              KeyList.endWithin(named.bytes(), from, ends[column] - 1, characters.get(column)));
        } else {
          key.addFixed(named.bytes(), from, ends[column]);
        }
      }
      stored.add(key.bytes(), 0, key.length());
    }
    return stored.list();
  }
}
