package backfill.postgres.ledger;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

/**
 * Changed rows as the bytes that the ledger keeps. Column by column: an integer as its distance
 * from the one before it, in as few bytes as that needs; a text as the number of bytes that it
 * begins with in common with the one before it, and the rest. Then all of it is deflated. Rows come
 * by key, so that most distances are small.
 */
final class PackedRows {
  private static final int VERSION = 1;
  private static final int INTEGERS = 0;
  private static final int TEXTS = 1;

  /** Of a byte of a number: whether another one follows. */
  private static final int MORE = 0x80;

  private static final int SEVEN_BITS = 0x7f;

  private PackedRows() {}

  static byte[] pack(ChangedRows rows) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(2 * rows.size() + 128);
    Deflater fast = new Deflater(Deflater.BEST_SPEED, true);
    try (DataOutputStream out = new DataOutputStream(new DeflaterOutputStream(bytes, fast, 8192))) {
      bytes.write(VERSION);
      put(out, rows.size());
      out.writeBoolean(rows.imaged());
      put(out, rows.columns().size());
      for (ChangedRows.Kept column : rows.columns()) {
        out.writeUTF(column.name());
        out.writeUTF(column.type());
        out.writeByte(column.role().ordinal());
        if (column.values() instanceof long[] numbers) {
          out.writeByte(INTEGERS);
          putIntegers(out, numbers);
        } else {
          out.writeByte(TEXTS);
          putTexts(out, (String[]) column.values());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("an array takes every byte", e);
    } finally {
      fast.end();
    }
    return bytes.toByteArray();
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
    ByteArrayInputStream bytes = new ByteArrayInputStream(packed, 1, packed.length - 1);
    try (DataInputStream in =
        new DataInputStream(new InflaterInputStream(bytes, new Inflater(true), 8192))) {
      int size = (int) get(in);
      boolean imaged = in.readBoolean();
      int width = (int) get(in);
      List<ChangedRows.Kept> columns = new ArrayList<>();
      for (int i = 0; i < width; i++) {
        String name = in.readUTF();
        String type = in.readUTF();
        ChangedRows.Role role = ChangedRows.Role.values()[in.readByte()];
        Object values = in.readByte() == INTEGERS ? integers(in, size) : texts(in, size);
        columns.add(new ChangedRows.Kept(name, type, role, values));
      }
      return new ChangedRows(columns, size, imaged);
    } catch (IOException e) {
      throw new UncheckedIOException("the ledger holds what was written there", e);
    }
  }

  private static void putIntegers(DataOutputStream out, long[] numbers) throws IOException {
    long before = 0;
    for (long number : numbers) {
      long distance = number - before;
      put(out, distance << 1 ^ distance >> Long.SIZE - 1);
      before = number;
    }
  }

  private static long[] integers(DataInputStream in, int size) throws IOException {
    long[] numbers = new long[size];
    long before = 0;
    for (int i = 0; i < size; i++) {
      long folded = get(in);
      before += folded >>> 1 ^ -(folded & 1);
      numbers[i] = before;
    }
    return numbers;
  }

  /** NULL is the length 0; every other text has one more than its own. */
  private static void putTexts(DataOutputStream out, String[] texts) throws IOException {
    byte[] before = new byte[0];
    for (String text : texts) {
      if (text == null) {
        put(out, 0);
        continue;
      }
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      int common = Arrays.mismatch(before, bytes);
      common = common < 0 ? bytes.length : common;
      put(out, bytes.length + 1L);
      put(out, common);
      out.write(bytes, common, bytes.length - common);
      before = bytes;
    }
  }

  private static String[] texts(DataInputStream in, int size) throws IOException {
    String[] texts = new String[size];
    byte[] before = new byte[0];
    for (int i = 0; i < size; i++) {
      int length = (int) get(in) - 1;
      if (length >= 0) {
        int common = (int) get(in);
        byte[] bytes = Arrays.copyOf(before, length);
        in.readFully(bytes, common, length - common);
        texts[i] = new String(bytes, StandardCharsets.UTF_8);
        before = bytes;
      }
    }
    return texts;
  }

  private static void put(DataOutputStream out, long number) throws IOException {
    long rest = number;
    while ((rest & ~SEVEN_BITS) != 0) {
      out.writeByte((int) (rest & SEVEN_BITS | MORE));
      rest >>>= 7;
    }
    out.writeByte((int) rest);
  }

  private static long get(DataInputStream in) throws IOException {
    long number = 0;
    int shift = 0;
    while (true) {
      int read = in.readUnsignedByte();
      number |= (long) (read & SEVEN_BITS) << shift;
      if ((read & MORE) == 0) {
        return number;
      }
      shift += 7;
    }
  }
}
