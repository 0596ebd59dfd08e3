package backfill.membership.key;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;

/** What the bytes of a key are as a text, and back. */
public final class KeyText {
  private static final int UUID_BYTES = 16;
  private static final HexFormat HEX = HexFormat.of();
  private static final byte[] DIGITS = "0123456789abcdef".getBytes(StandardCharsets.ISO_8859_1);

  private KeyText() {}

  /** A uuid as PostgreSQL writes it. */
  public static String ofUuid(byte[] bytes) {
    byte[] text = new byte[UUID_BYTES * 2 + 4];
    int at = 0;
    for (int i = 0; i < UUID_BYTES; i++) {
      text[at++] = DIGITS[bytes[i] >> 4 & 0xF];
      text[at++] = DIGITS[bytes[i] & 0xF];
      if (i == 3 || i == 5 || i == 7 || i == 9) {
        text[at++] = '-';
      }
    }
    return new String(text, StandardCharsets.ISO_8859_1);
  }

  /**
   * The bytes of a uuid in any form that PostgreSQL reads: digits of either case, braces around, a
   * hyphen after any four digits; empty for another text.
   *
   * @see <a href="https://www.postgresql.org/docs/current/datatype-uuid.html">UUID Type</a>
   */
  public static Optional<byte[]> uuidBytes(String text) {
    int at = 0;
    int end = text.length();
    if (text.startsWith("{") && text.endsWith("}")) {
      at++;
      end--;
    }
    byte[] bytes = new byte[UUID_BYTES];
    for (int i = 0; i < UUID_BYTES; i++) {
      if (at + 2 > end
          || !HexFormat.isHexDigit(text.charAt(at))
          || !HexFormat.isHexDigit(text.charAt(at + 1))) {
        return Optional.empty();
      }
      bytes[i] = (byte) HexFormat.fromHexDigits(text, at, at + 2);
      at += 2;
      if (i % 2 == 1 && i < UUID_BYTES - 1 && at < end && text.charAt(at) == '-') {
        at++;
      }
    }
    return at == end ? Optional.of(bytes) : Optional.empty();
  }

  /**
   * A text from its UTF-8.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static String ofUtf8(byte[] bytes) {
    try {
      return decoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("no UTF-8: " + HEX.formatHex(bytes), e);
    }
  }

  /**
   * The first key that is no UTF-8, in hexadecimal digits. A database that checks no encoding may
   * hold such bytes, and what a text has in their place would be another key.
   */
  public static Optional<String> firstThatIsNoUtf8(KeyList keys) {
    CharsetDecoder decoder = decoder();
    CharBuffer text = CharBuffer.allocate(64);
    for (int place = 0; place < keys.size(); place++) {
      int start = keys.start(place);
      int length = keys.ends()[place] - start;
      if (length > text.capacity()) {
        text = CharBuffer.allocate(2 * length);
      }
      decoder.reset();
      ByteBuffer bytes = ByteBuffer.wrap(keys.bytes(), start, length);
      if (decoder.decode(bytes, text.clear(), true).isError()) {
        return Optional.of(HEX.formatHex(keys.key(place)));
      }
    }
    return Optional.empty();
  }

  /** Whether these bytes are a text. */
  public static boolean isUtf8(byte[] bytes) {
    try {
      decoder().decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  private static CharsetDecoder decoder() {
    return StandardCharsets.UTF_8.newDecoder();
  }
}
