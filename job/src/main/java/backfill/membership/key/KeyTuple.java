package backfill.membership.key;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Puts the bytes of a key of several columns together, part by part. Two keys have the same bytes
 * where all of their parts are the same, and no end of one part is taken for the beginning of the
 * next; keys ascend by their first part, and then by the next one. Used for one key after the other
 * by one thread.
 */
public final class KeyTuple {
  /** Behind a text: no text of a database has this character, and none is less. */
  private static final byte END_OF_TEXT = 0;

  private byte[] bytes = new byte[64];
  private int length;

  /** Begins the next key. */
  public void clear() {
    length = 0;
  }

  /** Adds an integer, so that its bytes ascend when they are read without sign. */
  public void addInteger(long value) {
    room(Long.BYTES);
    ByteBuffer.wrap(bytes).putLong(length, value ^ Long.MIN_VALUE);
    length += Long.BYTES;
  }

  /** Adds a part that is always of the same length. */
  public void addFixed(byte[] from, int start, int end) {
    room(end - start);
    System.arraycopy(from, start, bytes, length, end - start);
    length += end - start;
  }

  /**
   * Adds a text, which ends where it ends: {@code ('a', 'bc')} is not {@code ('ab', 'c')}.
   *
   * @throws IllegalArgumentException if it has a character that no text of a database has
   */
  public void addText(byte[] from, int start, int end) {
    for (int at = start; at < end; at++) {
      if (from[at] == END_OF_TEXT) {
        throw new IllegalArgumentException("a text with the character 0");
      }
    }
    addFixed(from, start, end);
    room(1);
    bytes[length++] = END_OF_TEXT;
  }

  private void room(int more) {
    if (bytes.length - length < more) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + more));
    }
  }

  /** What holds the key from its beginning on; the next one will be there, too. */
  public byte[] bytes() {
    return bytes;
  }

  /** How many bytes the key has. */
  public int length() {
    return length;
  }

  /** The key as an array of its own. */
  public byte[] copy() {
    return Arrays.copyOf(bytes, length);
  }

  /** The integer that begins here. */
  public static long integer(byte[] key, int start) {
    return ByteBuffer.wrap(key).getLong(start) ^ Long.MIN_VALUE;
  }

  /** Where the text ends that begins here; its mark stands there, and behind it the next part. */
  public static int endOfText(byte[] key, int start) {
    int end = start;
    while (key[end] != END_OF_TEXT) {
      end++;
    }
    return end;
  }
}
