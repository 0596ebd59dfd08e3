package backfill.postgres.ledger;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

/**
 * Changed rows as the bytes that the ledger keeps. Column by column: an integer as its distance
 * from the one before it, in as few bytes as that needs; a text as the number of bytes that it
 * begins with in common with the one before it, and the rest. Then all of it is deflated. Rows come
 * by key, so that most distances are small.
 */
final class PackedRows {
  private static final byte VERSION = 1;
  private static final int INTEGERS = 0;
  private static final int TEXTS = 1;

  /** Of a byte of a number: whether another one follows. */
  private static final int MORE = 0x80;

  private static final int SEVEN_BITS = 0x7f;

  /** The bytes of the longest number. */
  private static final int LONGEST = 10;

  private byte[] bytes;
  private int at;

  private PackedRows(byte[] bytes) {
    this.bytes = bytes;
  }

  static byte[] pack(ChangedRows rows) {
    PackedRows out = new PackedRows(new byte[3 * rows.size() * rows.columns().size() + 256]);
    out.put(rows.size());
    out.put(rows.imaged() ? 1 : 0);
    out.put(rows.columns().size());
    for (ChangedRows.Kept column : rows.columns()) {
      out.put(column.name(), new byte[0]);
      out.put(column.type(), new byte[0]);
      out.put(column.role().ordinal());
      if (column.values() instanceof long[] numbers) {
        out.put(INTEGERS);
        out.putIntegers(numbers);
      } else {
        out.put(TEXTS);
        out.putTexts((String[]) column.values());
      }
    }
    return out.deflated();
  }

  /**
   * @throws IllegalStateException for bytes that a later version of the job wrote
   */
  static ChangedRows unpack(byte[] packed) {
    if (packed[0] != VERSION) {
      throw new IllegalStateException(
          "the ledger keeps these rows in form %d, and this version of the job reads form %d; use the version that wrote them"
              .formatted(packed[0], VERSION));
    }
    PackedRows in = new PackedRows(inflated(packed));
    int size = (int) in.get();
    boolean imaged = in.get() == 1;
    int width = (int) in.get();
    List<ChangedRows.Kept> columns = new ArrayList<>();
    for (int i = 0; i < width; i++) {
      String name = in.text(new byte[0]);
      String type = in.text(new byte[0]);
      ChangedRows.Role role = ChangedRows.Role.values()[(int) in.get()];
      Object values = in.get() == INTEGERS ? in.integers(size) : in.texts(size);
      columns.add(new ChangedRows.Kept(name, type, role, values));
    }
    return new ChangedRows(columns, size, imaged);
  }

  /** What was put so far, behind the number of this form. */
  private byte[] deflated() {
    Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);
    try {
      deflater.setInput(bytes, 0, at);
      deflater.finish();
      byte[] packed = new byte[at / 2 + 64];
      packed[0] = VERSION;
      int used = 1;
      while (!deflater.finished()) {
        if (used == packed.length) {
          packed = Arrays.copyOf(packed, 2 * packed.length);
        }
        used += deflater.deflate(packed, used, packed.length - used);
      }
      return Arrays.copyOf(packed, used);
    } finally {
      deflater.end();
    }
  }

  private static byte[] inflated(byte[] packed) {
    try (InflaterInputStream in =
        new InflaterInputStream(
            new ByteArrayInputStream(packed, 1, packed.length - 1), new Inflater(true), 8192)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("the ledger holds what was written there", e);
    }
  }

  private void room(int more) {
    if (bytes.length - at < more) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, at + more));
    }
  }

  private void putIntegers(long[] numbers) {
    long before = 0;
    for (long number : numbers) {
      long distance = number - before;
      put(distance << 1 ^ distance >> Long.SIZE - 1);
      before = number;
    }
  }

  private long[] integers(int size) {
    long[] numbers = new long[size];
    long before = 0;
    for (int i = 0; i < size; i++) {
      long folded = get();
      before += folded >>> 1 ^ -(folded & 1);
      numbers[i] = before;
    }
    return numbers;
  }

  private void putTexts(String[] texts) {
    byte[] before = new byte[0];
    for (String text : texts) {
      before = put(text, before);
    }
  }

  private String[] texts(int size) {
    String[] texts = new String[size];
    byte[] before = new byte[0];
    for (int i = 0; i < size; i++) {
      texts[i] = text(before);
      before = texts[i] == null ? before : texts[i].getBytes(StandardCharsets.UTF_8);
    }
    return texts;
  }

  /** NULL is the length 0; every other text has one more than its own. */
  private byte[] put(String text, byte[] before) {
    if (text == null) {
      put(0);
      return before;
    }
    byte[] own = text.getBytes(StandardCharsets.UTF_8);
    int common = Arrays.mismatch(before, own);
    common = common < 0 ? own.length : common;
    put(own.length + 1L);
    put(common);
    room(own.length - common);
    System.arraycopy(own, common, bytes, at, own.length - common);
    at += own.length - common;
    return own;
  }

  private String text(byte[] before) {
    int length = (int) get() - 1;
    if (length < 0) {
      return null;
    }
    int common = (int) get();
    byte[] own = Arrays.copyOf(before, length);
    System.arraycopy(bytes, at, own, common, length - common);
    at += length - common;
    return new String(own, StandardCharsets.UTF_8);
  }

  private void put(long number) {
    room(LONGEST);
    long rest = number;
    while ((rest & ~SEVEN_BITS) != 0) {
      bytes[at++] = (byte) (rest & SEVEN_BITS | MORE);
      rest >>>= 7;
    }
    bytes[at++] = (byte) rest;
  }

  private long get() {
    long number = 0;
    int shift = 0;
    while (true) {
      int read = bytes[at++];
      number |= (long) (read & SEVEN_BITS) << shift;
      if ((read & MORE) == 0) {
        return number;
      }
      shift += 7;
    }
  }
}
